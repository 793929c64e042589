/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_rooms.c – slots of rooms ↔ m-lines of the call: what others
 * publish goes to our peer. Loop thread unless said.
 */
#include "endpoints/session-private.h"

#include <string.h>

#include "endpoints/enums.h"

static ViaSessionSlot *
slot_at (const ViaSessionDoor *door, ViaKind kind, guint i)
{
  return i < door->slots[kind]->len
             ? &g_array_index (door->slots[kind], ViaSessionSlot, i)
             : NULL;
}

ViaSessionSlot *
via_session_rooms_slot (const ViaSessionDoor *door, ViaKind kind, guint line)
{
  for (guint i = 0; i < door->slots[kind]->len; i++)
    if (slot_at (door, kind, i)->line == (gint) line)
      return slot_at (door, kind, i);
  return NULL;
}

/* The slot with a line, NULL for none. */
static ViaSessionSlot *
slot_in_call (const ViaSessionDoor *door, ViaKind kind, guint i)
{
  ViaSessionSlot *slot = slot_at (door, kind, i);

  return slot != NULL && slot->line >= 0 && door->session->call != NULL ? slot
                                                                        : NULL;
}

static void
slot_clear (gpointer data)
{
  ViaSessionSlot *self = data;

  via_codec_clear (&self->track.codec);
  g_clear_pointer (&self->track.name, g_free);
  g_clear_pointer (&self->track.app_data, g_free);
  self->is_taken = self->is_bound = self->is_refused = FALSE;
}

static void
track_copy (ViaTrackInfo *out, const ViaTrackInfo *from)
{
  *out = *from;
  out->codec = (ViaCodec){0};
  via_codec_copy (&out->codec, &from->codec);
  out->name = g_strdup (from->name);
  out->app_data = g_strdup (from->app_data);
}

static void
slots_grow (ViaSessionDoor *door, ViaKind kind, guint n)
{
  const ViaSessionSlot empty = {.line = -1};

  while (door->slots[kind]->len < n)
    g_array_append_val (door->slots[kind], empty);
}

void
via_session_rooms_init (ViaSession *self)
{
  ViaSessionDoor *doors[] = {&self->own, &self->hub};

  for (guint d = 0; d < G_N_ELEMENTS (doors); d++) {
    doors[d]->session = self;
    doors[d]->is_own = doors[d] == &self->own;
    for (guint k = 0; k < 2; k++) {
      doors[d]->slots[k] = g_array_new (FALSE, TRUE, sizeof (ViaSessionSlot));
      g_array_set_clear_func (doors[d]->slots[k], slot_clear);
    }
  }
}

void
via_session_rooms_clear (ViaSession *self)
{
  for (guint k = 0; k < 2; k++) {
    g_array_unref (self->own.slots[k]);
    g_array_unref (self->hub.slots[k]);
  }
}

void
via_session_rooms_want_keyframe (ViaSession *self, guint media)
{
  ViaSessionDoor *doors[] = {&self->own, &self->hub};

  for (guint d = 0; d < G_N_ELEMENTS (doors); d++)
    for (guint i = 0; i < doors[d]->slots[VIA_KIND_VIDEO]->len; i++)
      if (slot_at (doors[d], VIA_KIND_VIDEO, i)->line == (gint) media
          && doors[d]->member != NULL)
        via_member_want_keyframe (doors[d]->member, VIA_KIND_VIDEO, i);
}

/* --- which slot has which m-line --- */

static guint
count_lines (const ViaSessionDoor *door, ViaKind kind)
{
  guint n = 0;

  for (guint i = 0; i < door->slots[kind]->len; i++)
    n += slot_at (door, kind, i)->line >= 0;
  return n;
}

gint
via_session_rooms_missing (const ViaSessionDoor *door, ViaKind kind)
{
  guint has = count_lines (door, kind);

  if (door->is_own)
    return (gint) door->session->n_own[kind] - (gint) has;
  if (door->member == NULL)
    return -(gint) has;
  return (gint) via_member_count_others (door->member, kind) - (gint) has;
}

static gboolean
is_sent (const ViaSession *self, ViaKind kind, guint line)
{
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  const ViaPlanMedia *media = plan != NULL ? via_plan_media (plan, line) : NULL;

  return media != NULL && media->kind == kind && !media->is_rejected
         && (media->direction & VIA_DIRECTION_SENDONLY) != 0;
}

/* An m-line without a slot, -1 if there is none. */
static gint
find_free_line (const ViaSession *self, ViaKind kind)
{
  const ViaPlan *plan = via_negotiation_current (self->negotiation);

  for (guint i = 0; plan != NULL && i < plan->media->len; i++)
    if (is_sent (self, kind, i)
        && via_session_rooms_slot (&self->own, kind, i) == NULL
        && via_session_rooms_slot (&self->hub, kind, i) == NULL)
      return (gint) i;
  return -1;
}

/* An m-line that @door has for no track, -1 if there is none. */
static gint
take_idle_line (const ViaSessionDoor *door, ViaKind kind)
{
  for (guint i = 0; i < door->slots[kind]->len; i++) {
    ViaSessionSlot *slot = slot_at (door, kind, i);
    gint line = slot->line;

    if (line < 0 || slot->is_taken
        || !is_sent (door->session, kind, (guint) line))
      continue;
    slot->line = -1;
    return line;
  }
  return -1;
}

/* M-lines for the slots of @door that want one. */
static void
give_lines (ViaSession *self, ViaSessionDoor *door, ViaKind kind)
{
  for (guint i = 0; i < door->slots[kind]->len; i++) {
    ViaSessionSlot *slot = slot_at (door, kind, i);
    gboolean is_wanted =
        slot->is_taken
        || (door->is_own && via_session_rooms_missing (door, kind) > 0);

    if (slot->line >= 0 || !is_wanted)
      continue;
    slot->line = find_free_line (self, kind);
    if (slot->line < 0 && slot->is_taken)
      slot->line = take_idle_line (door, kind);
    if (slot->line < 0 && door->is_own)
      slot->line = take_idle_line (&self->hub, kind);
  }
}

/* The hub has what is left over. */
static void
give_rest (ViaSession *self, ViaKind kind)
{
  ViaSessionDoor *hub = &self->hub;
  gint line;

  for (guint i = 0; (line = find_free_line (self, kind)) >= 0; i++) {
    slots_grow (hub, kind, i + 1);
    if (slot_at (hub, kind, i)->line < 0)
      slot_at (hub, kind, i)->line = line;
  }
}

static void
slot_bind (ViaSession *self, ViaKind kind, ViaSessionSlot *slot)
{
  ViaSessionNotice *notice;

  if (slot->line < 0 || self->call == NULL
      || !is_sent (self, kind, (guint) slot->line))
    slot->is_bound = FALSE;
  else if (slot->is_taken && !slot->is_bound && !slot->is_refused) {
    slot->is_bound =
        via_call_bind (self->call, (guint) slot->line, &slot->track.codec);
    if (slot->is_bound)
      return;
    slot->is_refused = TRUE;
    notice = via_session_notice_new (self, NOTICE_NOT_NEGOTIATED);
    track_copy (&notice->track, &slot->track);
    via_session_notice_post (notice);
  }
}

/* One notice for many changes. */
static void
tell_tracks (ViaSession *self)
{
  if (g_atomic_int_compare_and_exchange (&self->tells_tracks, FALSE, TRUE))
    via_session_notice_post (via_session_notice_new (self, NOTICE_TRACKS));
}

/* What the peer takes of @kind: what it agreed to on the first m-line of it. */
static void
tell_codecs (ViaSession *self, ViaKind kind)
{
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  ViaMember *members[] = {self->own.member, self->hub.member};
  guint line = 0;

  while (line < plan->media->len && !is_sent (self, kind, line))
    line++;
  for (guint i = 0; line < plan->media->len && i < G_N_ELEMENTS (members); i++)
    if (members[i] != NULL)
      via_member_set_codecs (members[i], kind, via_plan_media (plan, line));
}

/* After anything that slots or m-lines depend on. */
static void
settle (ViaSession *self)
{
  ViaSessionDoor *doors[] = {&self->own, &self->hub};

  if (via_negotiation_current (self->negotiation) == NULL)
    return; /* nobody to show anything to */
  for (guint k = 0; k < 2; k++) {
    tell_codecs (self, (ViaKind) k);
    slots_grow (&self->own, (ViaKind) k, self->n_own[k]);
    give_lines (self, &self->own, (ViaKind) k);
    give_lines (self, &self->hub, (ViaKind) k);
    give_rest (self, (ViaKind) k);
    for (guint d = 0; d < G_N_ELEMENTS (doors); d++) {
      for (guint i = 0; i < doors[d]->slots[k]->len; i++)
        slot_bind (self, (ViaKind) k, slot_at (doors[d], (ViaKind) k, i));
      if (doors[d]->member != NULL)
        via_member_set_slots (
            doors[d]->member, (ViaKind) k, doors[d]->slots[k]->len);
    }
  }
  tell_tracks (self);
  via_session_wish_check (self);
}

/* The slot's m-line, if it is still there and we still want to send on it. */
static void
forget_line (ViaSession *self, ViaKind kind, ViaSessionSlot *slot)
{
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  const ViaPlanMedia *media =
      slot->line >= 0 ? via_plan_media (plan, (guint) slot->line) : NULL;

  slot->is_refused = FALSE;
  if (media == NULL || media->is_rejected || media->kind != kind
      || (media->wish & VIA_DIRECTION_SENDONLY) == 0)
    slot->line = -1;
}

void
via_session_rooms_follow (ViaSession *self)
{
  for (guint k = 0; k < 2; k++) {
    for (guint i = 0; i < self->own.slots[k]->len; i++)
      forget_line (self, (ViaKind) k, slot_at (&self->own, (ViaKind) k, i));
    for (guint i = 0; i < self->hub.slots[k]->len; i++)
      forget_line (self, (ViaKind) k, slot_at (&self->hub, (ViaKind) k, i));
  }
  settle (self);
}

/* --- the rooms' callbacks --- */

static void
on_attach (gpointer user, ViaKind kind, guint i, const ViaTrackInfo *track)
{
  ViaSessionDoor *door = user;
  ViaSessionSlot *slot;

  slots_grow (door, kind, i + 1);
  slot = slot_at (door, kind, i);
  slot_clear (slot);
  track_copy (&slot->track, track);
  slot->is_taken = TRUE;
  settle (door->session);
}

static void
on_detach (gpointer user, ViaKind kind, guint i)
{
  ViaSessionDoor *door = user;
  ViaSessionSlot *slot = slot_at (door, kind, i);

  if (slot == NULL)
    return;
  if (slot_in_call (door, kind, i) != NULL)
    via_call_unbind (door->session->call, (guint) slot->line);
  slot_clear (slot);
  settle (door->session);
}

static void
on_packets (
    gpointer user, ViaKind kind, guint i, ViaPacket *const *packets, guint n)
{
  const ViaSessionDoor *door = user;
  const ViaSessionSlot *slot = slot_in_call (door, kind, i);

  if (slot != NULL)
    via_call_send (door->session->call, (guint) slot->line, packets, n);
}

/* A sink pad's end is told the peer. A track of the hub makes room for the
 * next one, on the same m-line. */
static void
on_eos (gpointer user, ViaKind kind, guint i)
{
  const ViaSessionDoor *door = user;
  const ViaSessionSlot *slot = slot_in_call (door, kind, i);

  if (slot != NULL && door->is_own)
    via_call_end (door->session->call, (guint) slot->line);
}

static void
on_app_data (gpointer user, ViaKind kind, guint i, const gchar *app_data)
{
  ViaSessionSlot *slot = slot_at (user, kind, i);

  if (slot == NULL || !slot->is_taken)
    return;
  g_free (slot->track.app_data);
  slot->track.app_data = g_strdup (app_data);
}

static void
on_changed (gpointer user)
{
  const ViaSessionDoor *door = user;

  via_session_wish_check (door->session);
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

void
via_session_describe_remote (GstStructure *out, const gchar *remote)
{
  const gchar *space = remote != NULL ? strchr (remote, ' ') : NULL;
  g_autofree gchar *type = NULL;

  if (space == NULL)
    return;
  type = g_strndup (remote, (gsize) (space - remote));
  gst_structure_set (out, "candidate-type", G_TYPE_STRING, type, "address",
      G_TYPE_STRING, space + 1, NULL);
}

static void
on_info (gpointer user, GstStructure *out)
{
  const ViaSessionDoor *door = user;
  const ViaCall *call = door->session->call;
  g_autofree gchar *local = NULL, *remote = NULL;

  if (call == NULL)
    return;
  via_call_selected (door->session->call, &local, &remote);
  gst_structure_set (out, "state", G_TYPE_STRING,
      via_connection_state_nick ((gint) via_call_state (call)), "local",
      G_TYPE_STRING, local, "remote", G_TYPE_STRING, remote, NULL);
  via_session_describe_remote (out, remote);
}

static const ViaMemberFuncs member_funcs = {
    .attach = on_attach,
    .detach = on_detach,
    .packets = on_packets,
    .eos = on_eos,
    .app_data = on_app_data,
    .changed = on_changed,
    .lost = on_lost,
    .info = on_info,
    .data = via_session_data_take,
};

/* --- joining --- */

static void
ask_set_own (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  self->n_own[VIA_KIND_AUDIO] = question->n_audio;
  self->n_own[VIA_KIND_VIDEO] = question->n_video;
  settle (self);
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
  door->member = via_exchange_join_as (question->exchange, self->loop,
      question->who, &member_funcs, door, &question->error);
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
  self->taker = via_exchange_join_as (
      question->exchange, NULL, question->who, &none, NULL, &question->error);
  question->is_done = self->taker != NULL;
  via_received_set_member (self->received, VIA_RECEIVED_TAKER, self->taker);
}

gboolean
via_session_join (ViaSession *self, ViaExchange *exchange, ViaSessionRoom room,
    const ViaMemberWho *who, GError **error)
{
  ViaSessionAsk question = {.exchange = exchange, .room = room, .who = who};

  via_session_ask (self, room == VIA_SESSION_TAKER ? ask_join_taker : ask_join,
      &question, error);
  return question.is_done;
}

ViaMember *
via_session_hub_member (const ViaSession *self)
{
  return self->hub.member;
}

static void
ask_set_app_data (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  ViaMember *members[] = {self->own.member, self->hub.member, self->taker};

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (members[i] != NULL)
      via_member_set_app_data (members[i], question->text);
}

void
via_session_set_app_data (ViaSession *self, const gchar *app_data)
{
  ViaSessionAsk question = {.text = app_data};

  via_session_ask (self, ask_set_app_data, &question, NULL);
}
