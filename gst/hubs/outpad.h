/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/outpad.h – a source pad asked of a hub: what its port is given, as one
 * stream whoever it comes from.
 */
#pragma once

#include <gst/gst.h>
#include "io/exchange.h"

G_BEGIN_DECLS

typedef struct _ViaOutPad ViaOutPad;

/* Makes the pad (requested as @name, nullable) and what is inside. NULL: the
 * name is taken. (transfer full) */
ViaOutPad *via_out_pad_new (
    GstBin *bin, GstPadTemplate *templ, const gchar *name);
ViaOutPad *via_out_pad_ref (ViaOutPad *self);
void via_out_pad_unref (ViaOutPad *self);
/* Takes the pad out of the bin. Not on a loop. */
void via_out_pad_close (ViaOutPad *self);
GstPad *via_out_pad_pad (const ViaOutPad *self); /* (transfer none) */
/* The N of its pad's name. */
guint via_out_pad_number (const ViaOutPad *self);
ViaKind via_out_pad_kind (const ViaOutPad *self);

/* Whom to ask for key frames: slot 0 of @member, on its @loop. NULL: nobody,
 * and nothing more is posted to that loop. Any thread. */
void via_out_pad_set_taker (ViaOutPad *self, ViaMember *member, ViaLoop *loop);
/* EOS after what waits. Any thread. */
void via_out_pad_eos (ViaOutPad *self);
/* Packets thrown away because downstream was too far behind. Any thread. */
guint64 via_out_pad_overflow (const ViaOutPad *self);

/* --- the taker's loop --- */

/* What is pushed from now on is of @track. */
void via_out_pad_attach (ViaOutPad *self, const ViaTrackInfo *track);
void via_out_pad_push (ViaOutPad *self, ViaPacket *const *packets, guint n);
void via_out_pad_set_app_data (ViaOutPad *self, const gchar *app_data);

G_END_DECLS
