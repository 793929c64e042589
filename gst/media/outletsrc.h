/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletsrc.h – the beginning of an outlet: its ring, its task, its time.
 * Not a public element; a live source of RTP buffers.
 */
#pragma once

#include <gst/gst.h>
#include "base/codec.h"
#include "base/packet.h"

G_BEGIN_DECLS

#define VIA_TYPE_OUTLET_SRC (via_outlet_src_get_type ())
G_DECLARE_FINAL_TYPE (ViaOutletSrc, via_outlet_src, VIA, OUTLET_SRC, GstElement)

typedef enum
{
  VIA_OUTLET_NOWHERE, /* told on the bus: nothing goes on */
  VIA_OUTLET_RTP,     /* packets as they came */
  VIA_OUTLET_FRAMES,  /* in order, whole frames, from a key frame on */
} ViaOutletOrder;

typedef struct
{
  void (*want_keyframe) (gpointer user);
  void (*active) (gpointer user, gboolean is_active);
  void (*ended) (gpointer user);
  /* On the task, before the first packet and whenever @codec or downstream
   * changed: makes what follows the source fit; @out_is_new: it was not there
   * before. */
  ViaOutletOrder (*prepare) (
      gpointer user, const ViaCodec *codec, gboolean *out_is_new);
} ViaOutletSrcFuncs;

/* @end: the last source pad, whose links decide whether anything is done; it
 * outlives the source. (transfer floating) */
ViaOutletSrc *via_outlet_src_new (ViaKind kind, const ViaCodec *codec,
    ViaTime latency, GstPad *end, const ViaOutletSrcFuncs *funcs,
    gpointer user);
/* Strings nullable. Before it is started. */
void via_outlet_src_set_names (ViaOutletSrc *self, const gchar *stream_id,
    guint group_id, const gchar *name, const gchar *app_data);
/* From now on, also what is under way: a tag event; how long a missing packet
 * is waited for. Any thread. */
void via_outlet_src_set_publisher (
    ViaOutletSrc *self, const gchar *name, const gchar *app_data);
void via_outlet_src_set_app_data (ViaOutletSrc *self, const gchar *app_data);
void via_outlet_src_set_latency (ViaOutletSrc *self, ViaTime latency);
void via_outlet_src_push (
    ViaOutletSrc *self, ViaPacket *const *packets, guint n);
void via_outlet_src_eos (ViaOutletSrc *self);
void via_outlet_src_set_codec (ViaOutletSrc *self, const ViaCodec *codec);
void via_outlet_src_drop_unlinked (ViaOutletSrc *self);
/* Downstream of @end changed. Any thread but a loop. */
void via_outlet_src_relinked (ViaOutletSrc *self);
void via_outlet_src_want_keyframe (ViaOutletSrc *self);
/* No func but prepare runs after return. */
void via_outlet_src_disconnect (ViaOutletSrc *self);
GstStructure *via_outlet_src_stats (ViaOutletSrc *self);

G_END_DECLS
