/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/datalink.h – the data channels of one peer across threads: they live on
 * the SCTP home, the one loop all associations of the process share; packets
 * go to and from the peer's loop by mailbox. RFC 8831 · RFC 8261
 */
#pragma once

#include <gst/gst.h>

#include "data/channels.h"
#include "io/loop.h"
#include "peer/peer.h"

G_BEGIN_DECLS

/* Channels that _post_label makes, at a time. */
#define VIA_DATALINK_LABELS 64

typedef struct _ViaDataLink ViaDataLink;

/* All nullable, all on the SCTP home: may not block; may call what is "any
 * thread" here, of any link. */
typedef struct
{
  void (*opened) (gpointer user, const ViaChannelInfo *info);
  void (*message) (gpointer user, const ViaChannelInfo *info, gboolean is_text,
      GBytes *message);
  /* What waits on the channel fell to its threshold. */
  void (*low) (gpointer user, const ViaChannelInfo *info);
  void (*closed) (gpointer user, const ViaChannelInfo *info, const gchar *why);
  /* _post_label makes no channel @label: there are VIA_DATALINK_LABELS. Once.
   */
  void (*refused) (gpointer user, const gchar *label);
} ViaDataLinkFuncs;

/* FALSE: built without usrsctp; then _new gives NULL. */
gboolean via_datalink_is_possible (void);
/* @loop: the peer's. NULL: not possible, or the process is out of descriptors.
 * (transfer full) (nullable) Any thread. */
ViaDataLink *via_datalink_new (
    ViaLoop *loop, const ViaDataLinkFuncs *funcs, gpointer user);
/* After return nothing is called any more; who holds a reference finds it
 * closed. NULL does nothing. Waits for the home; never on a loop. */
void via_datalink_free (ViaDataLink *self);
ViaDataLink *via_datalink_ref (ViaDataLink *self);
void via_datalink_unref (ViaDataLink *self);

/* --- the peer's loop --- */

/* @func: packets wait for _next; NULL: nobody takes any. */
void via_datalink_set_outlet (
    ViaDataLink *self, ViaLoopFunc func, gpointer data);
/* What was agreed: the association begins. Once. */
void via_datalink_start (ViaDataLink *self, const ViaPeerData *agreed);
/* It is over: every channel closes. */
void via_datalink_stop (ViaDataLink *self);
/* One packet of the far end. */
void via_datalink_feed (ViaDataLink *self, const guint8 *data, gsize len);
/* The next packet to send, NULL: none. (transfer full) (nullable) */
GBytes *via_datalink_next (ViaDataLink *self);

/* --- any thread but another loop than the home; waits for that. Before _free
 * --- */

/* As via_channels_create, _send, _close; STATE too once it is over. */
gint via_datalink_create (
    ViaDataLink *self, const ViaChannelWish *wish, GError **error);
gboolean via_datalink_send (ViaDataLink *self, guint id, gboolean is_text,
    GBytes *message, GError **error);
gboolean via_datalink_close (ViaDataLink *self, guint id);
/* It is over, and every channel is told closed meanwhile, with @why. */
void via_datalink_end (ViaDataLink *self, const gchar *why);
/* Bytes that wait on channel @id; 0 too if there is none. */
guint64 via_datalink_buffered (ViaDataLink *self, guint id);
/* Adds "data-channels" and the fields of the transport (docs/api.md). */
void via_datalink_stats (ViaDataLink *self, GstStructure *out);

/* Reads nothing more of the far end, which waits then, until _resume. Home. */
void via_datalink_hold (ViaDataLink *self);

/* --- any thread, also after _free --- */

void via_datalink_resume (ViaDataLink *self);

/* Sends by the mailbox; what cannot go is dropped and counted. */
void via_datalink_post (
    ViaDataLink *self, guint id, gboolean is_text, GBytes *message);
/* The same on the channel called @label: the first there is, else one that is
 * made, reliable and ordered. Dropped where no association has begun. */
void via_datalink_post_label (ViaDataLink *self, const gchar *label,
    const gchar *protocol, gboolean is_text, GBytes *message);
/* Waits until less than @bytes wait on all channels, the mailbox included.
 * FALSE: @stop (atomic) became TRUE, see _wake; or it is closed. Not on a
 * loop. */
gboolean via_datalink_wait_room (
    ViaDataLink *self, guint64 bytes, const gint *stop);
void via_datalink_wake (ViaDataLink *self);

G_END_DECLS
