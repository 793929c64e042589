/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/publishers.c – all the request sink pads of one element: asked for,
 * released, published together.
 */
#include "endpoints/publishers.h"

struct _ViaPublishers
{
  /* immutable */
  GstBin *bin; /* not owned: it owns us */
  ViaPublishersFuncs funcs;
  gpointer user;
  /* Held while tracks are published, so that their member stays; before the
   * element's own lock; nothing on via-app takes it. */
  GMutex lock;
  GPtrArray *all; /* ViaPublisher* */
  GCond caps_came;
  ViaMediapropsCodecs codecs; /* n of 0: as the intake likes */
  guint mtu;                  /* 0: the same */
};

static guint
count_locked (ViaPublishers *self, ViaKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->all->len; i++)
    if (via_publisher_kind (g_ptr_array_index (self->all, i)) == kind)
      n++;
  return n;
}

static void
publish_locked (ViaPublishers *self, ViaPublisher *publisher)
{
  via_publisher_set_member (
      publisher, self->funcs.member (self->user, publisher));
}

/* --- what the pads say; streaming threads --- */

static void
on_changed (gpointer user)
{
  ViaPublishers *self = user;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->caps_came);
  g_mutex_unlock (&self->lock);
  if (self->funcs.changed != NULL)
    self->funcs.changed (self->user);
}

static void
on_eos (gpointer user)
{
  ViaPublishers *self = user;
  gboolean all;

  g_mutex_lock (&self->lock);
  all = self->all->len > 0;
  for (guint i = 0; i < self->all->len; i++)
    all = all && via_publisher_is_eos (g_ptr_array_index (self->all, i));
  g_mutex_unlock (&self->lock);
  if (all && self->funcs.ended != NULL)
    self->funcs.ended (self->user);
}

static void
on_flush (gpointer user)
{
  ViaPublishers *self = user;

  if (self->funcs.flush != NULL)
    self->funcs.flush (self->user);
}

static const ViaPublisherFuncs publisher_funcs = {
    .changed = on_changed, .eos = on_eos, .flush = on_flush};

/* --- pads --- */

static void
set_codecs_locked (ViaPublishers *self, ViaPublisher *publisher)
{
  for (guint k = 0; k < 2; k++)
    if (self->codecs.n[k] > 0)
      via_publisher_set_codecs (
          publisher, (ViaKind) k, self->codecs.ids[k], self->codecs.n[k]);
}

void
via_publishers_set_codecs (
    ViaPublishers *self, const ViaMediapropsCodecs *codecs)
{
  g_mutex_lock (&self->lock);
  for (guint k = 0; k < 2; k++) {
    self->codecs.n[k] = 0;
    for (guint i = 0; i < codecs->n[k]; i++)
      if (codecs->ids[k][i] != VIA_CODEC_EVENT) /* it comes as RTP only */
        self->codecs.ids[k][self->codecs.n[k]++] = codecs->ids[k][i];
  }
  for (guint i = 0; i < self->all->len; i++)
    set_codecs_locked (self, g_ptr_array_index (self->all, i));
  g_mutex_unlock (&self->lock);
}

void
via_publishers_set_mtu (ViaPublishers *self, guint mtu)
{
  g_mutex_lock (&self->lock);
  self->mtu = mtu;
  for (guint i = 0; i < self->all->len; i++)
    via_publisher_set_mtu (g_ptr_array_index (self->all, i), mtu);
  g_mutex_unlock (&self->lock);
}

GstPad *
via_publishers_request (
    ViaPublishers *self, GstPadTemplate *templ, const gchar *name)
{
  ViaPublisher *publisher =
      via_publisher_new (self->bin, templ, name, &publisher_funcs, self);

  if (publisher == NULL)
    return NULL;
  g_mutex_lock (&self->lock);
  set_codecs_locked (self, publisher);
  if (self->mtu > 0)
    via_publisher_set_mtu (publisher, self->mtu);
  g_ptr_array_add (self->all, publisher);
  publish_locked (self, publisher);
  g_mutex_unlock (&self->lock);
  return via_publisher_pad (publisher);
}

void
via_publishers_release (ViaPublishers *self, GstPad *pad)
{
  ViaPublisher *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len && found == NULL; i++)
    if (via_publisher_pad (g_ptr_array_index (self->all, i)) == pad)
      found = g_ptr_array_steal_index (self->all, i);
  g_mutex_unlock (&self->lock);
  if (found == NULL)
    return;
  via_publisher_free (found);
  on_changed (self);
  on_eos (self); /* perhaps only this pad had not ended yet */
}

void
via_publishers_update (ViaPublishers *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len; i++)
    publish_locked (self, g_ptr_array_index (self->all, i));
  g_mutex_unlock (&self->lock);
}

gboolean
via_publishers_is_over (ViaPublishers *self)
{
  gboolean is_over = TRUE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len; i++)
    is_over =
        is_over && via_publisher_is_eos (g_ptr_array_index (self->all, i));
  g_mutex_unlock (&self->lock);
  return is_over;
}

guint
via_publishers_size (ViaPublishers *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->all->len;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
via_publishers_count (ViaPublishers *self, ViaKind kind)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = count_locked (self, kind);
  g_mutex_unlock (&self->lock);
  return n;
}

guint
via_publishers_wait_caps (ViaPublishers *self, gint64 timeout)
{
  gint64 end = g_get_monotonic_time () + timeout;
  guint n_missing;

  g_mutex_lock (&self->lock);
  while ((n_missing = count_locked (self, VIA_KIND_UNKNOWN)) > 0)
    if (!g_cond_wait_until (&self->caps_came, &self->lock, end))
      break;
  g_mutex_unlock (&self->lock);
  return n_missing;
}

gboolean
via_publishers_next_flow (
    ViaPublishers *self, ViaIntakeFlow *out, ViaKind *out_kind, gchar **out_pad)
{
  gboolean is_found = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len && !is_found; i++) {
    ViaPublisher *publisher = g_ptr_array_index (self->all, i);

    is_found = via_publisher_take_flow (publisher, out);
    if (!is_found)
      continue;
    *out_kind = via_publisher_kind (publisher);
    *out_pad = gst_pad_get_name (via_publisher_pad (publisher));
  }
  g_mutex_unlock (&self->lock);
  return is_found;
}

void
via_publishers_reset (ViaPublishers *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->all->len; i++)
    via_publisher_reset (g_ptr_array_index (self->all, i));
  g_mutex_unlock (&self->lock);
}

void
via_publishers_tell_flows (ViaPublishers *self, ViaCommon *common)
{
  ViaIntakeFlow flow;
  ViaKind kind;
  gchar *pad;

  while (via_publishers_next_flow (self, &flow, &kind, &pad)) {
    via_common_post (common, GST_ELEMENT (self->bin),
        gst_structure_new ("media-flow", "pad", G_TYPE_STRING, pad, "kind",
            G_TYPE_STRING, via_kind_name (kind), "from-codec", G_TYPE_STRING,
            flow.from, "to-codec", G_TYPE_STRING, flow.to, "mode",
            G_TYPE_STRING, flow.mode, "reason", G_TYPE_STRING, flow.reason,
            NULL));
    g_free (pad);
  }
}

/* --- life --- */

ViaPublishers *
via_publishers_new (GstBin *bin, const ViaPublishersFuncs *funcs, gpointer user)
{
  ViaPublishers *self = g_new0 (ViaPublishers, 1);

  self->bin = bin;
  self->funcs = *funcs;
  self->user = user;
  g_mutex_init (&self->lock);
  g_cond_init (&self->caps_came);
  self->all = g_ptr_array_new ();
  return self;
}

void
via_publishers_clear (ViaPublishers *self)
{
  while (self->all->len > 0)
    via_publisher_free (g_ptr_array_steal_index (self->all, 0));
}

void
via_publishers_free (ViaPublishers *self)
{
  g_ptr_array_unref (self->all);
  g_cond_clear (&self->caps_came);
  g_mutex_clear (&self->lock);
  g_free (self);
}
