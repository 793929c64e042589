/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_negotiate.c – offer and answer → plan → call.
 * RFC 9429 §5 (JSEP)
 */
#include "endpoints/session-private.h"

static const ViaCodecId audio_codecs[] = {VIA_CODEC_OPUS, VIA_CODEC_PCMU,
    VIA_CODEC_PCMA, VIA_CODEC_G722, VIA_CODEC_EVENT};
static const ViaCodecId video_codecs[] = {VIA_CODEC_VP8, VIA_CODEC_VP9,
    VIA_CODEC_H264, VIA_CODEC_H265, VIA_CODEC_AV1};

/* Loop thread: @plan is complete and now holds. */
static gboolean
apply (ViaSession *self, ViaPlan *plan, GError **error)
{
  if (!via_call_apply (self->call, plan, error))
    return FALSE;
  via_session_rooms_follow (self, plan);
  via_received_follow (self->received, plan);
  return TRUE;
}

static ViaPlanLocal
local_wishes (const ViaSessionAsk *question)
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
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;
  ViaPlanLocal local = local_wishes (question);
  g_autoptr (ViaPlan) plan = NULL;

  if (is_negotiated (self, &question->error))
    return;
  plan = via_plan_answer (
      &local, question->text, via_system_rng (), &question->error);
  if (plan == NULL
      || !via_session_open_call (
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

  if (is_negotiated (self, &question->error)
      || !via_session_open_call (
          self, question->config, TRUE, &question->error))
    return;
  via_session_rooms_count (self, &local);
  self->plan = via_plan_offer (&local, via_system_rng ());
  question->result = via_call_describe (self->call, self->plan);
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
  ViaSessionAsk question = {.text = answer};

  via_session_ask (self, ask_process_answer, &question, error);
  return question.is_done;
}
