/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/datalink_none.c – data channels of a plugin built without usrsctp: none.
 */
#include "io/datalink.h"

gboolean
via_datalink_is_possible (void)
{
  return FALSE;
}

ViaDataLink *
via_datalink_new (ViaLoop *loop, const ViaDataLinkFuncs *funcs, gpointer user)
{
  return NULL;
}

void
via_datalink_free (ViaDataLink *self)
{
}

ViaDataLink *
via_datalink_ref (ViaDataLink *self)
{
  return self;
}

void
via_datalink_unref (ViaDataLink *self)
{
}

void
via_datalink_set_outlet (ViaDataLink *self, ViaLoopFunc func, gpointer data)
{
}

void
via_datalink_start (ViaDataLink *self, const ViaPeerData *agreed)
{
}

void
via_datalink_stop (ViaDataLink *self)
{
}

void
via_datalink_feed (ViaDataLink *self, const guint8 *data, gsize len)
{
}

GBytes *
via_datalink_next (ViaDataLink *self)
{
  return NULL;
}

gint
via_datalink_create (
    ViaDataLink *self, const ViaChannelWish *wish, GError **error)
{
  return -1;
}

gboolean
via_datalink_send (ViaDataLink *self, guint id, gboolean is_text,
    GBytes *message, GError **error)
{
  return FALSE;
}

gboolean
via_datalink_close (ViaDataLink *self, guint id)
{
  return FALSE;
}

guint64
via_datalink_buffered (ViaDataLink *self, guint id)
{
  return 0;
}

void
via_datalink_stats (ViaDataLink *self, GstStructure *out)
{
}

void
via_datalink_post (
    ViaDataLink *self, guint id, gboolean is_text, GBytes *message)
{
}

void
via_datalink_post_label (ViaDataLink *self, const gchar *label,
    const gchar *protocol, gboolean is_text, GBytes *message)
{
}

gboolean
via_datalink_wait_room (ViaDataLink *self, guint64 bytes, const gint *stop)
{
  return FALSE;
}

void
via_datalink_wake (ViaDataLink *self)
{
}

void
via_datalink_hold (ViaDataLink *self)
{
}

void
via_datalink_resume (ViaDataLink *self)
{
}

void
via_datalink_end (ViaDataLink *self, const gchar *why)
{
}
