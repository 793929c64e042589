/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/publishers.h – all the request sink pads of one element: asked for,
 * released, published together.
 */
#pragma once

#include "endpoints/common.h"
#include "endpoints/mediaprops.h"
#include "endpoints/publisher.h"

G_BEGIN_DECLS

typedef struct _ViaPublishers ViaPublishers;

/* None may block. */
typedef struct
{
  /* Under whom the track of @publisher is published now; NULL: nowhere. Called
   * with the lock of the pads held: it may take the element's own lock. */
  ViaMember *(*member) (gpointer user, const ViaPublisher *publisher);
  /* (nullable) On the streaming thread, or whoever released a pad: */
  void (*changed) (gpointer user); /* a track came, changed or went */
  void (*ended) (gpointer user);   /* every pad there is has ended */
  void (*flush) (gpointer user);   /* the end, if there was one, is undone */
} ViaPublishersFuncs;

/* instance_init of @bin, which owns it. (transfer full) */
ViaPublishers *via_publishers_new (
    GstBin *bin, const ViaPublishersFuncs *funcs, gpointer user);
/* dispose: takes every pad away while the bin still stands. */
void via_publishers_clear (ViaPublishers *self);
/* finalize. */
void via_publishers_free (ViaPublishers *self);

/* What request_new_pad and release_pad do. NULL: the name is taken; a pad that
 * is not ours is ignored. Any thread. */
GstPad *via_publishers_request (
    ViaPublishers *self, GstPadTemplate *templ, const gchar *name);
void via_publishers_release (ViaPublishers *self, GstPad *pad);

/* What the pads there are and all later ones encode to, from their next caps
 * on; preferred first. Any thread. */
void via_publishers_set_codecs (
    ViaPublishers *self, const ViaMediapropsCodecs *codecs);

/* The same of how long packets may be, in bytes. */
void via_publishers_set_mtu (ViaPublishers *self, guint mtu);

/* Asks for the member of every pad anew. When it returns no track is published
 * under a member that was not named again, and that one may leave. Any thread
 * but via-app and loops. */
void via_publishers_update (ViaPublishers *self);
/* How many pads there are, and how many carry @kind (VIA_KIND_UNKNOWN: have no
 * caps yet). Any thread. */
guint via_publishers_size (ViaPublishers *self);
/* There is no pad, or every one has ended. Any thread. */
gboolean via_publishers_is_over (ViaPublishers *self);
guint via_publishers_count (ViaPublishers *self, ViaKind kind);
/* Waits until every pad has caps, @timeout µs at most. Returns how many have
 * none. Any thread but streaming threads and loops. */
guint via_publishers_wait_caps (ViaPublishers *self, gint64 timeout);
/* Posts a media-flow of the bin for every pad whose media became something
 * else. Any thread but loops. */
void via_publishers_tell_flows (ViaPublishers *self, ViaCommon *common);
/* What became of the media of a pad since it was last asked; FALSE: of none.
 * @out_pad: (transfer full). */
gboolean via_publishers_next_flow (ViaPublishers *self, ViaIntakeFlow *out,
    ViaKind *out_kind, gchar **out_pad);
/* A new run begins: no end was seen yet. */
void via_publishers_reset (ViaPublishers *self);

G_END_DECLS
