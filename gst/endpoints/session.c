/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session.c – the negotiation of one endpoint and the way of its
 * media: offer and answer → plan → call, tracks of rooms → m-lines.
 */
#include "endpoints/session.h"

#include <string.h>

#include "io/app.h"
#include "io/guard.h"

/* A membership in one room; `own` fills the m-lines from the front, the hub
 * from the back. */
typedef struct
{
  ViaSession *session;
  gboolean is_own;
  ViaMember *member;
} Door;

struct _ViaSession
{
  gatomicrefcount refs; /* queued notices hold one */
  /* immutable */
  ViaLoop *loop;
  ViaSessionFuncs funcs;
  GObject *user; /* not owned: it owns us; notices hold a reference */
  gchar *name;
  ViaGuard guard; /* around funcs */
  Door own, hub;
  /* loop thread */
  ViaCall *call;
  ViaPlan *plan;
  GArray *sends[2]; /* m-line indexes we send on, per kind */
  guint n_own[2];   /* of these, from the front, the own room's */
};

static const ViaCodecId audio_codecs[] = {
    VIA_CODEC_OPUS, VIA_CODEC_PCMU, VIA_CODEC_PCMA};
static const ViaCodecId video_codecs[] = {
    VIA_CODEC_VP8, VIA_CODEC_VP9, VIA_CODEC_H264};

/* --- notices: from the loop to via-app --- */

typedef struct
{
  ViaSession *session;
  enum
  {
    NOTICE_CANDIDATE,
    NOTICE_GATHERED,
    NOTICE_STATE,
    NOTICE_NOT_NEGOTIATED,
    NOTICE_HUB_LOST,
  } type;
  guint mline;
  ViaConnectionState state;
  gchar *text, *local, *remote;
  ViaTrackInfo track;
} Notice;

static void
session_unref (ViaSession *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_guard_clear (&self->guard);
  g_array_unref (self->sends[VIA_KIND_AUDIO]);
  g_array_unref (self->sends[VIA_KIND_VIDEO]);
  g_clear_pointer (&self->plan, via_plan_free);
  g_free (self->name);
  g_free (self);
}

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  via_codec_clear (&notice->track.codec);
  g_free (notice->track.name);
  g_free (notice->track.app_data);
  g_free (notice->text);
  g_free (notice->local);
  g_free (notice->remote);
  g_object_unref (notice->session->user);
  session_unref (notice->session);
  g_free (notice);
}

static void
run_notice (gpointer data)
{
  Notice *notice = data;
  ViaSession *self = notice->session;

  if (!via_guard_enter (&self->guard))
    return;
  switch (notice->type) {
    case NOTICE_CANDIDATE:
      self->funcs.candidate (self->user, notice->mline, notice->text);
      break;
    case NOTICE_GATHERED:
      self->funcs.gathering_done (self->user);
      break;
    case NOTICE_STATE:
      self->funcs.state (self->user, notice->state, notice->text, notice->local,
          notice->remote);
      break;
    case NOTICE_NOT_NEGOTIATED:
      self->funcs.not_negotiated (self->user, &notice->track);
      break;
    case NOTICE_HUB_LOST:
      self->funcs.hub_lost (self->user);
      break;
  }
  via_guard_leave (&self->guard);
}

static Notice *
notice_new (ViaSession *self, guint type)
{
  Notice *notice = g_new0 (Notice, 1);

  notice->session = self;
  notice->type = type;
  g_atomic_ref_count_inc (&self->refs);
  g_object_ref (self->user);
  return notice;
}

static void
notice_post (Notice *notice)
{
  via_app_post (run_notice, notice, notice_free);
}

/* --- the call's callbacks; loop thread --- */

static void
on_candidate (gpointer user, guint mline, const gchar *candidate)
{
  Notice *notice = notice_new (user, NOTICE_CANDIDATE);

  notice->mline = mline;
  notice->text = g_strdup (candidate);
  notice_post (notice);
}

static void
on_gathering_done (gpointer user)
{
  notice_post (notice_new (user, NOTICE_GATHERED));
}

static void
on_state (gpointer user, ViaConnectionState state)
{
  ViaSession *self = user;
  Notice *notice = notice_new (self, NOTICE_STATE);

  notice->state = state;
  notice->text = g_strdup (via_call_failure (self->call));
  if (state == VIA_CONNECTION_CONNECTED)
    via_call_selected (self->call, &notice->local, &notice->remote);
  notice_post (notice);
}

/* The m-line a room's slot is sent on; FALSE: none. */
static gboolean
slot_to_media (const Door *door, ViaKind kind, guint slot, guint *out_media)
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

static void
on_want_keyframe (gpointer user, guint media)
{
  ViaSession *self = user;
  Door *doors[] = {&self->own, &self->hub};

  for (guint d = 0; d < G_N_ELEMENTS (doors); d++) {
    guint slot, found;

    for (slot = 0; slot_to_media (doors[d], VIA_KIND_VIDEO, slot, &found);
         slot++)
      if (found == media && doors[d]->member != NULL)
        via_member_want_keyframe (doors[d]->member, VIA_KIND_VIDEO, slot);
  }
}

static const ViaCallFuncs call_funcs = {
    .candidate = on_candidate,
    .gathering_done = on_gathering_done,
    .state = on_state,
    .want_keyframe = on_want_keyframe,
};

/* --- the rooms' callbacks; loop thread --- */

static void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  const Door *door = user;
  ViaSession *self = door->session;
  Notice *notice;
  guint media;

  if (self->call == NULL || !slot_to_media (door, kind, slot, &media))
    return;
  if (via_call_bind (self->call, media, &track->codec))
    return;
  notice = notice_new (self, NOTICE_NOT_NEGOTIATED);
  notice->track = *track;
  notice->track.codec = (ViaCodec){0};
  via_codec_copy (&notice->track.codec, &track->codec);
  notice->track.name = g_strdup (track->name);
  notice->track.app_data = g_strdup (track->app_data);
  notice_post (notice);
}

static void
on_detach (gpointer user, ViaKind kind, guint slot)
{
  const Door *door = user;
  guint media;

  if (door->session->call != NULL && slot_to_media (door, kind, slot, &media))
    via_call_unbind (door->session->call, media);
}

static void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  const Door *door = user;
  guint media;

  if (door->session->call != NULL && slot_to_media (door, kind, slot, &media))
    via_call_send (door->session->call, media, packets, n);
}

/* via-app. */
static void
on_lost (gpointer user)
{
  const Door *door = user;

  /* By a notice of its own, so that leaving never waits for an application. */
  if (!door->is_own)
    notice_post (notice_new (door->session, NOTICE_HUB_LOST));
}

static const ViaMemberFuncs member_funcs = {
    .attach = on_attach,
    .detach = on_detach,
    .packets = on_packets,
    .lost = on_lost,
};

/* --- life --- */

ViaSession *
via_session_new (const ViaSessionFuncs *funcs, GObject *user, const gchar *name,
    GError **error)
{
  ViaLoop *loop = via_loop_acquire ();
  ViaSession *self;

  if (loop == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_IO,
        "no loop can be started: the process is out of file descriptors");
    return NULL;
  }
  via_app_acquire ();
  self = g_new0 (ViaSession, 1);
  g_atomic_ref_count_init (&self->refs);
  self->loop = loop;
  self->funcs = *funcs;
  self->user = user;
  self->name = g_strdup (name);
  via_guard_init (&self->guard);
  self->own = (Door){self, TRUE, NULL};
  self->hub = (Door){self, FALSE, NULL};
  for (guint k = 0; k < 2; k++)
    self->sends[k] = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

static void
close_call (gpointer data)
{
  ViaSession *self = data;

  g_clear_pointer (&self->call, via_call_free);
}

void
via_session_free (ViaSession *self)
{
  if (self == NULL)
    return;
  via_guard_shut (&self->guard);
  via_loop_call (self->loop, close_call, self);
  via_member_leave (g_steal_pointer (&self->own.member));
  via_member_leave (g_steal_pointer (&self->hub.member));
  via_loop_release (self->loop);
  via_app_release ();
  session_unref (self);
}

/* --- asking the loop --- */

typedef struct
{
  ViaSession *self;
  const ViaSessionConfig *config;
  ViaExchange *exchange;
  gboolean is_own;
  const gchar *text, *app_data;
  guint n_audio, n_video;
  gchar *result;
  GstStructure *stats;
  ViaConnectionState state;
  gboolean is_done;
  GError *error;
} Ask;

static void
ask (ViaSession *self, ViaLoopFunc func, Ask *question, GError **error)
{
  question->self = self;
  via_loop_call (self->loop, func, question);
  if (question->error != NULL)
    g_propagate_error (error, question->error);
}

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

static void
ask_set_own (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;

  self->n_own[VIA_KIND_AUDIO] = question->n_audio;
  self->n_own[VIA_KIND_VIDEO] = question->n_video;
  open_slots (self);
}

void
via_session_set_own (ViaSession *self, guint n_audio, guint n_video)
{
  Ask question = {.n_audio = n_audio, .n_video = n_video};

  ask (self, ask_set_own, &question, NULL);
}

/* On the loop, which alone reads the door. */
static void
ask_join (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;
  Door *door = question->is_own ? &self->own : &self->hub;

  g_return_if_fail (door->member == NULL);
  door->member =
      via_exchange_join (question->exchange, self->loop, question->text,
          question->app_data, &member_funcs, door, &question->error);
  question->is_done = door->member != NULL;
}

gboolean
via_session_join (ViaSession *self, ViaExchange *exchange, gboolean is_own,
    const gchar *name, const gchar *app_data, GError **error)
{
  Ask question = {.exchange = exchange,
      .is_own = is_own,
      .text = name,
      .app_data = app_data};

  ask (self, ask_join, &question, error);
  return question.is_done;
}

static gboolean
open_call (ViaSession *self, const ViaSessionConfig *config,
    gboolean is_controlling, GError **error)
{
  const ViaIceServer *turns[] = {config->turn, NULL};
  ViaCallConfig call = {0};

  call.loop = self->loop;
  call.identity = config->identity;
  call.ice.is_controlling = is_controlling;
  call.ice.relay_only = config->relay_only;
  call.ice.stun = config->stun;
  call.ice.turn = turns;
  call.ice.min_port = config->min_port;
  call.ice.max_port = config->max_port;
  self->call = via_call_new (&call, &call_funcs, self, error);
  return self->call != NULL;
}

/* Loop thread: @plan is complete and now holds. */
static gboolean
apply (ViaSession *self, ViaPlan *plan, GError **error)
{
  if (!via_call_apply (self->call, plan, error))
    return FALSE;
  for (guint k = 0; k < 2; k++)
    g_array_set_size (self->sends[k], 0);
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (media->kind <= VIA_KIND_VIDEO && !media->is_rejected
        && (media->direction & VIA_DIRECTION_SENDONLY))
      g_array_append_val (self->sends[media->kind], i);
  }
  open_slots (self);
  return TRUE;
}

static ViaPlanLocal
local_wishes (const Ask *question)
{
  ViaPlanLocal local = {0};

  local.audio_codecs = audio_codecs;
  local.n_audio_codecs = G_N_ELEMENTS (audio_codecs);
  local.video_codecs = video_codecs;
  local.n_video_codecs = G_N_ELEMENTS (video_codecs);
  local.direction = question->config->direction;
  local.n_audio = question->n_audio;
  local.n_video = question->n_video;
  local.setup = VIA_SETUP_ACTPASS;
  local.stream_id = question->self->name;
  return local;
}

static gboolean
is_negotiated (const ViaSession *self, GError **error)
{
  if (self->plan == NULL)
    return FALSE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "this endpoint has negotiated already; a new offer needs a new endpoint");
  return TRUE;
}

static void
ask_process_offer (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;
  ViaPlanLocal local = local_wishes (question);
  g_autoptr (ViaPlan) plan = NULL;

  if (is_negotiated (self, &question->error))
    return;
  plan = via_plan_answer (
      &local, question->text, via_system_rng (), &question->error);
  if (plan == NULL
      || !open_call (
          self, question->config, plan->remote->is_ice_lite, &question->error))
    return;
  if (!apply (self, plan, &question->error)) {
    g_clear_pointer (&self->call, via_call_free);
    return;
  }
  question->result = via_call_describe (self->call, plan);
  self->plan = g_steal_pointer (&plan);
}

gchar *
via_session_process_offer (ViaSession *self, const ViaSessionConfig *config,
    const gchar *offer, GError **error)
{
  Ask question = {.config = config, .text = offer};

  ask (self, ask_process_offer, &question, error);
  return question.result;
}

static void
ask_generate_offer (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;
  ViaPlanLocal local = local_wishes (question);

  if (is_negotiated (self, &question->error)
      || !open_call (self, question->config, TRUE, &question->error))
    return;
  self->plan = via_plan_offer (&local, via_system_rng ());
  question->result = via_call_describe (self->call, self->plan);
}

gchar *
via_session_generate_offer (ViaSession *self, const ViaSessionConfig *config,
    guint n_audio, guint n_video, GError **error)
{
  Ask question = {.config = config, .n_audio = n_audio, .n_video = n_video};

  ask (self, ask_generate_offer, &question, error);
  return question.result;
}

static void
ask_process_answer (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;
  g_autoptr (ViaPlan) plan = NULL;

  if (self->plan == NULL || self->plan->is_complete) {
    g_set_error_literal (&question->error, VIA_ERROR, VIA_ERROR_STATE,
        "an answer without an offer of ours that waits for one");
    return;
  }
  plan = via_plan_accept (self->plan, question->text, &question->error);
  if (plan == NULL || !apply (self, plan, &question->error))
    return;
  via_plan_free (self->plan);
  self->plan = g_steal_pointer (&plan);
  question->is_done = TRUE;
}

gboolean
via_session_process_answer (
    ViaSession *self, const gchar *answer, GError **error)
{
  Ask question = {.text = answer};

  ask (self, ask_process_answer, &question, error);
  return question.is_done;
}

/* FALSE with an error when there is no call yet. */
static gboolean
has_call (const ViaSession *self, GError **error)
{
  if (self->call != NULL)
    return TRUE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "nothing is negotiated yet: process or generate an offer first");
  return FALSE;
}

static void
ask_gather (gpointer data)
{
  Ask *question = data;

  question->is_done =
      has_call (question->self, &question->error)
      && via_call_gather (question->self->call, &question->error);
}

gboolean
via_session_gather (ViaSession *self, GError **error)
{
  Ask question = {0};

  ask (self, ask_gather, &question, error);
  return question.is_done;
}

static void
ask_add_candidate (gpointer data)
{
  Ask *question = data;

  question->is_done = has_call (question->self, &question->error)
                      && via_call_add_candidate (question->self->call,
                          question->text, &question->error);
}

gboolean
via_session_add_candidate (
    ViaSession *self, guint mline, const gchar *candidate, GError **error)
{
  Ask question = {.text = candidate};

  ask (self, ask_add_candidate, &question, error);
  return question.is_done;
}

static void
ask_describe (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;

  if (self->call != NULL && self->plan != NULL)
    question->result = via_call_describe (self->call, self->plan);
}

gchar *
via_session_describe (ViaSession *self)
{
  Ask question = {0};

  ask (self, ask_describe, &question, NULL);
  return question.result;
}

static void
ask_state (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;

  question->state =
      self->call != NULL ? via_call_state (self->call) : VIA_CONNECTION_NEW;
}

ViaConnectionState
via_session_state (ViaSession *self)
{
  Ask question = {0};

  ask (self, ask_state, &question, NULL);
  return question.state;
}

static void
ask_stats (gpointer data)
{
  Ask *question = data;
  ViaSession *self = question->self;

  question->stats = self->call != NULL ? via_call_stats (self->call)
                                       : gst_structure_new ("via-peer-stats",
                                           "version", G_TYPE_UINT, 1, NULL);
}

GstStructure *
via_session_stats (ViaSession *self)
{
  Ask question = {0};

  ask (self, ask_stats, &question, NULL);
  return question.stats;
}
