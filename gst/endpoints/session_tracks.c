/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_tracks.c – which m-line shows whom, told to applications.
 * Loop thread unless said.
 */
#include "endpoints/session-private.h"

static void
append_track (
    GValue *out, const ViaPlanMedia *media, const ViaSessionSlot *slot)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value,
      gst_structure_new ("via-track", "media", G_TYPE_UINT, (guint) slot->line,
          "mid", G_TYPE_STRING, media->mid, "kind", G_TYPE_STRING,
          via_kind_name (media->kind), "port", G_TYPE_UINT, slot->track.port,
          "name", G_TYPE_STRING, slot->track.name, "app-data", G_TYPE_STRING,
          slot->track.app_data, NULL));
  gst_value_array_append_and_take_value (out, &value);
}

static void
ask_list_tracks (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  GValue tracks = G_VALUE_INIT;

  gst_value_array_init (&tracks, 0);
  for (guint i = 0; plan != NULL && i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);
    const ViaSessionSlot *slot =
        media->kind <= VIA_KIND_VIDEO
            ? via_session_rooms_slot (&self->hub, media->kind, i)
            : NULL;

    if (slot != NULL && slot->is_taken && slot->is_bound)
      append_track (&tracks, media, slot);
  }
  question->stats =
      gst_structure_new ("via-tracks", "version", G_TYPE_UINT, 1, NULL);
  gst_structure_take_value (question->stats, "tracks", &tracks);
}

GstStructure *
via_session_list_tracks (ViaSession *self)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_list_tracks, &question, NULL);
  return question.stats;
}
