/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/publisher.h – one request sink pad of an element: an intake inside
 * its bin, and the track it publishes into a room.
 */
#pragma once

#include "io/exchange.h"
#include "media/intake.h"

G_BEGIN_DECLS

typedef struct _ViaPublisher ViaPublisher;

/* On the streaming thread; none may block. */
typedef struct
{
  void (*changed) (gpointer user); /* a track came or changed */
  void (*eos) (gpointer user);
  void (*flush) (gpointer user); /* the end, if there was one, is undone */
} ViaPublisherFuncs;

/* Adds the three request sink templates every such element has, `sink_%u`
 * first, for it takes unnamed links. */
void via_publisher_add_templates (GstElementClass *klass);

/* Makes the pad (requested as @name, nullable) and its intake. NULL: the name
 * is taken. (transfer full) */
ViaPublisher *via_publisher_new (GstBin *bin, GstPadTemplate *templ,
    const gchar *name, const ViaPublisherFuncs *funcs, gpointer user);
/* Takes pad and intake out of the bin. */
void via_publisher_free (ViaPublisher *self);

/* As via_intake_set_codecs. */
void via_publisher_set_codecs (
    ViaPublisher *self, ViaKind kind, const ViaCodecId *codecs, guint n);
/* As via_intake_set_mtu. */
void via_publisher_set_mtu (ViaPublisher *self, guint mtu);
/* Where the track is published; NULL: nowhere. The member must outlive that.
 * Any thread. */
void via_publisher_set_member (ViaPublisher *self, ViaMember *member);
GstPad *via_publisher_pad (const ViaPublisher *self); /* (transfer none) */
/* The N of its pad's name. */
guint via_publisher_number (const ViaPublisher *self);
/* VIA_KIND_UNKNOWN before caps came. */
ViaKind via_publisher_kind (ViaPublisher *self);
gboolean via_publisher_is_eos (ViaPublisher *self);
/* What the intake does with the media. FALSE: as it was when last asked. */
gboolean via_publisher_take_flow (ViaPublisher *self, ViaIntakeFlow *out);
/* A new run begins: no end was seen yet. */
void via_publisher_reset (ViaPublisher *self);

G_END_DECLS
