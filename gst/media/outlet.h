/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outlet.h – one received track at a source pad: RTP packets in from a
 * loop; out as RTP, encoded or raw, whatever downstream takes.
 */
#pragma once

#include <gst/gst.h>
#include "base/codec.h"
#include "base/packet.h"

G_BEGIN_DECLS

#define VIA_TYPE_OUTLET (via_outlet_get_type ())
G_DECLARE_FINAL_TYPE (ViaOutlet, via_outlet, VIA, OUTLET, GstBin)

#define VIA_OUTLET_LATENCY_MS 200

typedef struct
{
  /* Downstream asked, after loss or overflow, at the start. Never on a loop;
   * may post, not block. */
  void (*want_keyframe) (gpointer user);
  /* The pad is linked and media goes out; or it does no more. As above. */
  void (*active) (gpointer user, gboolean is_active);
  /* EOS went out, or nobody is there to be told. Any thread, also a loop; must
   * not block nor free the outlet. */
  void (*ended) (gpointer user);
} ViaOutletFuncs;

/* All strings nullable, copied. */
typedef struct
{
  guint latency_ms; /* how long a missing packet is waited for; 0: 200 */
  const gchar *stream_id;
  guint group_id;        /* 0: a new one */
  const gchar *name;     /* of the publisher's element: tag "title" */
  const gchar *app_data; /* its app-data: tag "extended-comment" */
} ViaOutletConfig;

/* Has one ghost source pad "src". @codec: of id VIA_CODEC_UNKNOWN if it is told
 * later, before the first packet. @config: (nullable). @funcs stay the
 * caller's. (transfer floating) */
ViaOutlet *via_outlet_new (ViaKind kind, const ViaCodec *codec,
    const ViaOutletConfig *config, const ViaOutletFuncs *funcs, gpointer user);
/* Takes references; never blocks. What does not fit pushes the oldest out
 * (counted). Any thread, one at a time: a loop. */
void via_outlet_push (ViaOutlet *self, ViaPacket *const *packets, guint n);
/* EOS after what is in the ring. Any thread. */
void via_outlet_eos (ViaOutlet *self);
/* What is pushed from now on is encoded like this. As _push. */
void via_outlet_set_codec (ViaOutlet *self, const ViaCodec *codec);
/* As in the config, from now on. Any thread. */
void via_outlet_set_publisher (
    ViaOutlet *self, const gchar *name, const gchar *app_data);
void via_outlet_set_app_data (ViaOutlet *self, const gchar *app_data);
void via_outlet_set_latency (ViaOutlet *self, guint latency_ms);
/* Until this call packets and EOS wait for the pad to be linked; from now on
 * packets are dropped while it is not, and an end is told at once. Any thread.
 */
void via_outlet_drop_unlinked (ViaOutlet *self);
/* No func runs after return (waits for one under way, unless called from it).
 * Not on a loop. */
void via_outlet_disconnect (ViaOutlet *self);
/* "via-outlet-stats". (transfer full) */
GstStructure *via_outlet_stats (ViaOutlet *self);

G_END_DECLS
