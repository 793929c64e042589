/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletsrc-settings.c – what an outlet's source is told, from any
 * thread, and what it tells; its task follows.
 */
#include "media/outletsrc-private.h"

#include "media/outletcaps.h"

static void
set_tags_locked (ViaOutletSrc *self, const gchar *app_data)
{
  GstTagList *tags = via_outlet_caps_tags (self->name, app_data);

  g_clear_pointer (&self->tags, gst_tag_list_unref);
  self->tags = tags != NULL ? tags : gst_tag_list_new_empty ();
  self->has_settings = TRUE;
  g_cond_broadcast (&self->work);
}

void
via_outlet_src_set_app_data (ViaOutletSrc *self, const gchar *app_data)
{
  g_mutex_lock (&self->lock);
  set_tags_locked (self, app_data);
  g_mutex_unlock (&self->lock);
}

void
via_outlet_src_set_publisher (
    ViaOutletSrc *self, const gchar *name, const gchar *app_data)
{
  g_mutex_lock (&self->lock);
  g_free (self->name);
  self->name = g_strdup (name);
  set_tags_locked (self, app_data);
  g_mutex_unlock (&self->lock);
}

void
via_outlet_src_set_latency (ViaOutletSrc *self, ViaTime latency)
{
  g_mutex_lock (&self->lock);
  self->has_settings = self->has_settings || self->latency != latency;
  self->latency = latency;
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
}

void
via_outlet_src_set_names (ViaOutletSrc *self, const gchar *stream_id,
    guint group_id, const gchar *name, const gchar *app_data)
{
  ViaOutletWriter *writer = &self->stream.writer;

  writer->stream_id = stream_id != NULL
                          ? g_strdup (stream_id)
                          : g_strdup_printf ("via/%p", (gpointer) self);
  writer->group_id = group_id != 0 ? group_id : gst_util_group_id_next ();
  self->name = g_strdup (name);
  writer->tags = via_outlet_caps_tags (name, app_data);
}

GstStructure *
via_outlet_src_stats (ViaOutletSrc *self)
{
  const ViaOutletGateStats *gate = &self->shown;
  const ViaJitterStats *jitter = &gate->jitter;
  GstStructure *stats;

  g_mutex_lock (&self->lock);
  stats = gst_structure_new ("via-outlet-stats", "version", G_TYPE_UINT, 1,
      "is-linked", G_TYPE_BOOLEAN, self->is_linked, "pushed", G_TYPE_UINT64,
      self->ring.pushed, "buffers", G_TYPE_UINT64, self->n_out, "overflow",
      G_TYPE_UINT64, self->ring.pushed_out, "unlinked", G_TYPE_UINT64,
      self->n_unlinked, "paused", G_TYPE_UINT64, self->n_paused, "stale",
      G_TYPE_UINT64, self->n_stale, "key-frame-requests", G_TYPE_UINT64,
      self->n_key_requests, "frames", G_TYPE_UINT64, gate->frames,
      "frames-damaged", G_TYPE_UINT64, gate->damaged, "frames-waiting",
      G_TYPE_UINT64, gate->waiting, "lost", G_TYPE_UINT64, jitter->lost, "late",
      G_TYPE_UINT64, jitter->late, "duplicates", G_TYPE_UINT64,
      jitter->duplicates, "reordered", G_TYPE_UINT64, jitter->reordered,
      "restarts", G_TYPE_UINT64, jitter->restarts, NULL);
  g_mutex_unlock (&self->lock);
  return stats;
}
