/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_rooms.c – slots of rooms ↔ m-lines of the call: what others
 * publish goes to our peer. Loop thread unless said.
 */
#include "endpoints/session-private.h"

/* The m-line a room's slot is sent on; FALSE: none. */
static gboolean
slot_to_media (
    const ViaSessionDoor *door, ViaKind kind, guint slot, guint *out_media)
{
  const ViaSession *self = door->session;
  const GArray *sends = self->sends[kind];
  guint n_own = MIN (self->n_own[kind], sends->len);
  guint n = door->is_own ? n_own : sends->len - n_own;

  if (slot >= n)
    return FALSE;
  *out_media =
      g_array_index (sends, guint, door->is_own ? slot : sends->len - 1 - slot);
  return TRUE;
}

void
via_session_rooms_want_keyframe (ViaSession *self, guint media)
{
  ViaSessionDoor *doors[] = {&self->own, &self->hub};

  for (guint d = 0; d < G_N_ELEMENTS (doors); d++) {
    guint slot, found;

    for (slot = 0; slot_to_media (doors[d], VIA_KIND_VIDEO, slot, &found);
         slot++)
      if (found == media && doors[d]->member != NULL)
        via_member_want_keyframe (doors[d]->member, VIA_KIND_VIDEO, slot);
  }
}

/* --- the rooms' callbacks --- */

static void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  const ViaSessionDoor *door = user;
  ViaSession *self = door->session;
  ViaSessionNotice *notice;
  guint media;

  if (self->call == NULL || !slot_to_media (door, kind, slot, &media))
    return;
  if (via_call_bind (self->call, media, &track->codec))
    return;
  notice = via_session_notice_new (self, NOTICE_NOT_NEGOTIATED);
  notice->track = *track;
  notice->track.codec = (ViaCodec){0};
  via_codec_copy (&notice->track.codec, &track->codec);
  notice->track.name = g_strdup (track->name);
  notice->track.app_data = g_strdup (track->app_data);
  via_session_notice_post (notice);
}

static void
on_detach (gpointer user, ViaKind kind, guint slot)
{
  const ViaSessionDoor *door = user;
  guint media;

  if (door->session->call != NULL && slot_to_media (door, kind, slot, &media))
    via_call_unbind (door->session->call, media);
}

static void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  const ViaSessionDoor *door = user;
  guint media;

  if (door->session->call != NULL && slot_to_media (door, kind, slot, &media))
    via_call_send (door->session->call, media, packets, n);
}

/* via-app. */
static void
on_lost (gpointer user)
{
  const ViaSessionDoor *door = user;

  /* By a notice of its own, so that leaving never waits for an application. */
  if (!door->is_own)
    via_session_notice_post (
        via_session_notice_new (door->session, NOTICE_HUB_LOST));
}

static const ViaMemberFuncs member_funcs = {
    .attach = on_attach,
    .detach = on_detach,
    .packets = on_packets,
    .lost = on_lost,
};

/* --- joining --- */

/* Tells the rooms how many tracks this peer takes. */
static void
open_slots (ViaSession *self)
{
  for (guint k = 0; k < 2; k++) {
    guint n = self->sends[k]->len;
    guint n_own = MIN (self->n_own[k], n);

    /* Shrink one side before the other grows into its m-lines. */
    if (self->hub.member != NULL)
      via_member_set_slots (self->hub.member, (ViaKind) k, n - n_own);
    if (self->own.member != NULL)
      via_member_set_slots (self->own.member, (ViaKind) k, n_own);
  }
}

void
via_session_rooms_follow (ViaSession *self, const ViaPlan *plan)
{
  for (guint k = 0; k < 2; k++)
    g_array_set_size (self->sends[k], 0);
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (media->kind <= VIA_KIND_VIDEO && !media->is_rejected
        && (media->direction & VIA_DIRECTION_SENDONLY))
      g_array_append_val (self->sends[media->kind], i);
  }
  open_slots (self);
}

void
via_session_rooms_count (ViaSession *self, ViaPlanLocal *local)
{
  guint *n[] = {&local->n_audio, &local->n_video};

  for (guint k = 0; self->hub.member != NULL && k < 2; k++)
    *n[k] += MAX (1, via_member_count_others (self->hub.member, (ViaKind) k));
  if (*n[0] + *n[1] == 0) /* then to hear and see what the peer has */
    *n[0] = *n[1] = 1;
}

static void
ask_set_own (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  self->n_own[VIA_KIND_AUDIO] = question->n_audio;
  self->n_own[VIA_KIND_VIDEO] = question->n_video;
  open_slots (self);
}

void
via_session_set_own (ViaSession *self, guint n_audio, guint n_video)
{
  ViaSessionAsk question = {.n_audio = n_audio, .n_video = n_video};

  via_session_ask (self, ask_set_own, &question, NULL);
}

/* On the loop, which alone reads the door. */
static void
ask_join (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  ViaSessionDoor *door =
      question->room == VIA_SESSION_OWN ? &self->own : &self->hub;

  g_return_if_fail (door->member == NULL);
  door->member =
      via_exchange_join (question->exchange, self->loop, question->text,
          question->app_data, &member_funcs, door, &question->error);
  question->is_done = door->member != NULL;
  if (question->room == VIA_SESSION_HUB)
    via_received_set_member (self->received, VIA_RECEIVED_HUB, door->member);
}

static void
ask_join_taker (gpointer data)
{
  static const ViaMemberFuncs none = {0};
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  g_return_if_fail (self->taker == NULL);
  self->taker = via_exchange_join (question->exchange, NULL, question->text,
      question->app_data, &none, NULL, &question->error);
  question->is_done = self->taker != NULL;
  via_received_set_member (self->received, VIA_RECEIVED_TAKER, self->taker);
}

gboolean
via_session_join (ViaSession *self, ViaExchange *exchange, ViaSessionRoom room,
    const gchar *name, const gchar *app_data, GError **error)
{
  ViaSessionAsk question = {
      .exchange = exchange, .room = room, .text = name, .app_data = app_data};

  via_session_ask (self, room == VIA_SESSION_TAKER ? ask_join_taker : ask_join,
      &question, error);
  return question.is_done;
}
