/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_negotiate.c – offer and answer → plan → call.
 * RFC 9429 §5 (JSEP)
 */
#include "endpoints/session-private.h"

static ViaPlanLocal
local_wishes (const ViaSessionAsk *question)
{
  const ViaMediapropsCodecs *codecs = &question->config->codecs;
  ViaPlanLocal local = {0};

  local.audio_codecs = codecs->ids[VIA_KIND_AUDIO];
  local.n_audio_codecs = codecs->n[VIA_KIND_AUDIO];
  local.video_codecs = codecs->ids[VIA_KIND_VIDEO];
  local.n_video_codecs = codecs->n[VIA_KIND_VIDEO];
  local.direction = question->config->direction;
  local.setup = question->config->setup;
  local.stream_id = question->self->name;
  local.data = question->self->data != NULL;
  return local;
}

/* TRUE with an error: nothing more can be negotiated. */
static gboolean
is_over (const ViaSession *self, GError **error)
{
  if (self->call == NULL || !via_call_is_over (self->call))
    return FALSE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "the call is over; a new one needs a new endpoint");
  return TRUE;
}

static void
tell_signaling (ViaSession *self)
{
  ViaSignalingState state = via_negotiation_state (self->negotiation);
  ViaSessionNotice *notice;

  if (state == self->told_signaling)
    return;
  self->told_signaling = state;
  notice = via_session_notice_new (self, NOTICE_SIGNALING);
  notice->signaling = state;
  via_session_notice_post (notice);
}

static void
tell_candidates (
    ViaSession *self, guint mline, const ViaRemoteTransport *remote)
{
  for (guint i = 0; remote != NULL && i < remote->candidates->len; i++)
    via_session_tell_remote (
        self, mline, g_ptr_array_index (remote->candidates, i));
}

static void
tell_remote (ViaSession *self, const ViaPlan *plan)
{
  if (plan->restarts_ice)
    g_hash_table_remove_all (self->told_remote);
  tell_candidates (self, 0, plan->remote);
  for (guint i = 0; i < plan->media->len; i++)
    tell_candidates (self, i, via_plan_media (plan, i)->remote);
}

/* An offer of data channels that was refused is not made again by itself. */
static void
settle_data (ViaSession *self, const ViaPlan *plan)
{
  for (guint i = 0; i < plan->media->len; i++)
    if (via_plan_media (plan, i)->kind == VIA_KIND_DATA
        && !via_plan_media (plan, i)->is_rejected)
      return;
  if (plan->role == VIA_ROLE_OFFERER)
    self->wants_data = FALSE;
}

/* @plan was taken: it holds from now on. FALSE: all is as it was. @config:
 * (nullable) of what it may need more. */
static gboolean
apply (ViaSession *self, const ViaSessionConfig *config, const ViaPlan *plan,
    GError **error)
{
  ViaLiteConfig lite;
  ViaLegConfig call = {0};

  if (config != NULL)
    call = via_session_call_config (self, config, &lite);
  if (!via_call_apply (
          self->call, config != NULL ? &call : NULL, plan, error)) {
    via_call_roll_back (self->call);
    via_negotiation_abandon (self->negotiation);
    return FALSE;
  }
  self->wants_restart = self->wants_restart && !plan->restarts_ice;
  via_negotiation_commit (self->negotiation);
  plan = via_negotiation_current (self->negotiation);
  self->told_needed = FALSE;
  settle_data (self, plan);
  tell_signaling (self);
  tell_remote (self, plan);
  via_session_rooms_follow (self);
  via_received_follow (self->received, plan);
  return TRUE;
}

static void
ask_process_offer (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  ViaPlanLocal local = local_wishes (question);
  gboolean is_first = self->call == NULL;
  const ViaPlan *plan;

  if (is_over (self, &question->error))
    return;
  plan = via_negotiation_take_offer (self->negotiation, &local, question->text,
      via_system_rng (), &question->error);
  if (plan == NULL)
    return;
  if (is_first
      && !via_session_open_call (self, question->config,
          plan->remote->is_ice_lite, &question->error)) {
    via_negotiation_abandon (self->negotiation);
    return;
  }
  if (!is_first && plan->restarts_ice
      && !via_session_restart_call (self, question->config, &question->error)) {
    via_negotiation_abandon (self->negotiation);
    return;
  }
  self->direction = local.direction;
  if (apply (self, question->config, plan, &question->error))
    question->result = via_call_describe (
        self->call, via_negotiation_current (self->negotiation));
  else if (is_first)
    g_clear_pointer (&self->call, via_call_free);
}

gchar *
via_session_process_offer (ViaSession *self, const ViaSessionConfig *config,
    const gchar *offer, GError **error)
{
  ViaSessionAsk question = {.config = config, .text = offer};

  via_session_ask (self, ask_process_offer, &question, error);
  return question.result;
}

static void
ask_generate_offer (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  ViaPlanLocal local = local_wishes (question);
  ViaPlanWish wishes[VIA_PLAN_MAX_MEDIA];
  const ViaPlan *plan;
  guint n;

  if (is_over (self, &question->error)
      || (self->call == NULL
          && !via_session_open_call (
              self, question->config, TRUE, &question->error)))
    return;
  if (!self->wants_restart)
    via_call_roll_back (self->call);
  else if (!via_session_restart_call (self, question->config, &question->error))
    return;
  self->direction = local.direction;
  self->is_single = question->config->is_single;
  self->n_own[VIA_KIND_AUDIO] = question->n_audio;
  self->n_own[VIA_KIND_VIDEO] = question->n_video;
  n = via_session_wish (self, wishes, G_N_ELEMENTS (wishes));
  plan = via_negotiation_offer (self->negotiation, &local, wishes, n,
      self->wants_restart, via_system_rng (), &question->error);
  if (plan == NULL)
    return;
  question->result = via_call_describe (self->call, plan);
  tell_signaling (self);
  via_session_wish_check (self);
}

gchar *
via_session_generate_offer (ViaSession *self, const ViaSessionConfig *config,
    guint n_audio, guint n_video, GError **error)
{
  ViaSessionAsk question = {
      .config = config, .n_audio = n_audio, .n_video = n_video};

  via_session_ask (self, ask_generate_offer, &question, error);
  return question.result;
}

static void
ask_process_answer (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  const ViaPlan *plan;

  if (is_over (self, &question->error))
    return;
  plan = via_negotiation_take_answer (
      self->negotiation, question->text, &question->error);
  question->is_done =
      plan != NULL && apply (self, NULL, plan, &question->error);
}

gboolean
via_session_process_answer (
    ViaSession *self, const gchar *answer, GError **error)
{
  ViaSessionAsk question = {.text = answer};

  via_session_ask (self, ask_process_answer, &question, error);
  return question.is_done;
}

static void
ask_restart_ice (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  if (is_over (self, &question->error))
    return;
  if (via_negotiation_current (self->negotiation) == NULL) {
    g_set_error_literal (&question->error, VIA_ERROR, VIA_ERROR_STATE,
        "nothing is negotiated yet, so there is no ICE to restart");
    return;
  }
  self->wants_restart = question->is_done = TRUE;
  via_session_wish_check (self);
}

gboolean
via_session_restart_ice (ViaSession *self, GError **error)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_restart_ice, &question, error);
  return question.is_done;
}

static void
ask_wants_restart (gpointer data)
{
  ViaSessionAsk *question = data;

  question->is_done = question->self->wants_restart;
}

gboolean
via_session_wants_restart (ViaSession *self)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_wants_restart, &question, NULL);
  return question.is_done;
}

static void
ask_signaling (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  question->signaling = via_negotiation_state (self->negotiation);
}

ViaSignalingState
via_session_signaling (ViaSession *self)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_signaling, &question, NULL);
  return question.signaling;
}
