/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session.c – the life of one endpoint's session, and what it is
 * asked on its loop.
 */
#include "endpoints/session-private.h"

#include "io/app.h"

#define TOLD_MAX 256 /* candidates of the far end that are told */

/* --- the call's callbacks; loop thread --- */

static void
on_candidate (gpointer user, guint mline, const gchar *candidate)
{
  ViaSessionNotice *notice = via_session_notice_new (user, NOTICE_CANDIDATE);

  notice->mline = mline;
  notice->text = g_strdup (candidate);
  via_session_notice_post (notice);
}

void
via_session_tell_remote (ViaSession *self, guint mline, const gchar *candidate)
{
  ViaSessionNotice *notice;

  if (candidate == NULL || *candidate == '\0'
      || g_hash_table_size (self->told_remote) >= TOLD_MAX
      || !g_hash_table_add (self->told_remote, g_strdup (candidate)))
    return;
  notice = via_session_notice_new (self, NOTICE_REMOTE_CANDIDATE);
  notice->mline = mline;
  notice->text = g_strdup (candidate);
  via_session_notice_post (notice);
}

static void
on_gathering (gpointer user)
{
  via_session_notice_post (via_session_notice_new (user, NOTICE_GATHERING));
}

static void
on_pair (gpointer user, const ViaWirePair *pair)
{
  ViaSessionNotice *notice = via_session_notice_new (user, NOTICE_PAIR);

  notice->pair = *pair;
  via_session_notice_post (notice);
}

static void
on_server_failed (
    gpointer user, const gchar *server, guint code, const gchar *text)
{
  ViaSessionNotice *notice =
      via_session_notice_new (user, NOTICE_SERVER_FAILED);

  notice->local = g_strdup (server);
  notice->mline = code;
  notice->text = g_strdup (text);
  via_session_notice_post (notice);
}

static void
on_gathering_done (gpointer user)
{
  via_session_notice_post (via_session_notice_new (user, NOTICE_GATHERED));
}

static void
on_state (gpointer user, ViaConnectionState state)
{
  ViaSession *self = user;
  ViaSessionNotice *notice = via_session_notice_new (self, NOTICE_STATE);

  notice->state = state;
  notice->text = g_strdup (via_call_failure (self->call));
  if (state == VIA_CONNECTION_CONNECTED)
    via_call_selected (self->call, &notice->local, &notice->remote);
  via_session_notice_post (notice);
  if (state == VIA_CONNECTION_CLOSED || state == VIA_CONNECTION_FAILED)
    via_received_end (self->received);
  if (self->data != NULL && via_call_is_over (self->call))
    via_datalink_stop (self->data);
  if (state == VIA_CONNECTION_FAILED && via_call_was_connected (self->call))
    via_session_lost (self);
}

static void
on_want_keyframe (gpointer user, guint media)
{
  via_session_rooms_want_keyframe (user, media);
}

static void
on_media (gpointer user, const ViaPeerMedia *media)
{
  const ViaSession *self = user;

  via_received_media (self->received, media);
}

static void
on_gone (gpointer user, guint media, guint32 ssrc)
{
  const ViaSession *self = user;

  via_received_gone (self->received, media, ssrc);
}

static void
on_flow (gpointer user, guint media, gboolean is_out, gboolean is_flowing)
{
  ViaSession *self = user;
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  const ViaPlanMedia *line = plan != NULL ? via_plan_media (plan, media) : NULL;
  ViaSessionNotice *notice;

  if (line == NULL)
    return;
  notice = via_session_notice_new (self, NOTICE_FLOW);
  notice->mline = media;
  notice->text = g_strdup (line->mid);
  notice->track.kind = line->kind;
  notice->is_out = is_out;
  notice->is_flowing = is_flowing;
  via_session_notice_post (notice);
}

static void
on_silent (gpointer user)
{
  via_session_lost (user);
}

static const ViaCallFuncs call_funcs = {
    .candidate = on_candidate,
    .gathering = on_gathering,
    .gathering_done = on_gathering_done,
    .pair = on_pair,
    .server_failed = on_server_failed,
    .state = on_state,
    .want_keyframe = on_want_keyframe,
    .media = on_media,
    .gone = on_gone,
    .flow = on_flow,
    .silent = on_silent,
};

ViaLegConfig
via_session_call_config (
    const ViaSession *self, const ViaSessionConfig *config, ViaLiteConfig *lite)
{
  ViaLegConfig call = {0};

  *lite = (ViaLiteConfig){.port = config->port,
      .external_ipv4 = config->ice.external_ipv4,
      .external_ipv6 = config->ice.external_ipv6};
  call.loop = self->loop;
  call.identity = config->identity;
  call.ice = config->ice;
  call.srtp_profiles = config->srtp_profiles;
  if (config->port != NULL && !config->ice.relay_only)
    call.lite = lite;
  return call;
}

gboolean
via_session_open_call (ViaSession *self, const ViaSessionConfig *config,
    gboolean is_controlling, GError **error)
{
  ViaLiteConfig lite;
  ViaLegConfig call = via_session_call_config (self, config, &lite);

  call.ice.is_controlling = is_controlling;
  self->call = via_call_new (&call, &call_funcs, self, error);
  if (self->call != NULL && self->data != NULL)
    via_call_set_data (self->call, self->data);
  if (self->call != NULL && call.lite == NULL)
    via_session_roam (self);
  return self->call != NULL;
}

gboolean
via_session_restart_call (
    ViaSession *self, const ViaSessionConfig *config, GError **error)
{
  ViaLiteConfig lite;
  ViaLegConfig call = via_session_call_config (self, config, &lite);

  return via_call_restart (self->call, &call, error);
}

/* --- life --- */

void
via_session_unref (ViaSession *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_guard_clear (&self->guard);
  g_clear_pointer (&self->data, via_datalink_unref);
  via_session_rooms_clear (self);
  g_clear_pointer (&self->negotiation, via_negotiation_free);
  g_hash_table_unref (self->told_remote);
  g_free (self->name);
  g_free (self);
}

/* Loop thread. */
static void
ask_peer_for_keyframe (gpointer user, guint media)
{
  const ViaSession *self = user;

  if (self->call != NULL)
    via_call_want_keyframe (self->call, media);
}

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
  self->negotiation = via_negotiation_new ();
  self->told_remote =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  via_session_rooms_init (self);
  self->received = via_received_new (loop, ask_peer_for_keyframe, self);
  via_session_data_open (self);
  return self;
}

static void
close_call (gpointer data)
{
  ViaSession *self = data;

  g_clear_pointer (&self->network, via_netwatch_free);
  g_clear_pointer (&self->received, via_received_free);
  g_clear_pointer (&self->call, via_call_free);
}

void
via_session_free (ViaSession *self)
{
  if (self == NULL)
    return;
  via_guard_shut (&self->guard);
  via_loop_call (self->loop, close_call, self);
  via_session_data_close (self);
  via_member_leave (g_steal_pointer (&self->own.member));
  via_member_leave (g_steal_pointer (&self->hub.member));
  via_member_leave (g_steal_pointer (&self->taker));
  via_loop_release (self->loop);
  via_app_release ();
  via_session_unref (self);
}

/* --- asking the loop --- */

void
via_session_ask (
    ViaSession *self, ViaLoopFunc func, ViaSessionAsk *question, GError **error)
{
  question->self = self;
  via_loop_call (self->loop, func, question);
  if (question->error != NULL)
    g_propagate_error (error, question->error);
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
  ViaSessionAsk *question = data;

  question->is_done =
      has_call (question->self, &question->error)
      && via_call_gather (question->self->call, &question->error);
}

gboolean
via_session_gather (ViaSession *self, GError **error)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_gather, &question, error);
  return question.is_done;
}

static void
ask_add_candidate (gpointer data)
{
  ViaSessionAsk *question = data;

  question->is_done = has_call (question->self, &question->error)
                      && via_call_add_candidate (question->self->call,
                          question->mline, question->text, &question->error);
  if (question->is_done)
    via_session_tell_remote (question->self, question->mline, question->text);
}

gboolean
via_session_add_candidate (
    ViaSession *self, guint mline, const gchar *candidate, GError **error)
{
  ViaSessionAsk question = {.text = candidate, .mline = mline};

  via_session_ask (self, ask_add_candidate, &question, error);
  return question.is_done;
}

static void
ask_describe (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  const ViaPlan *plan =
      question->is_current ? NULL : via_negotiation_pending (self->negotiation);

  if (plan == NULL)
    plan = via_negotiation_current (self->negotiation);
  if (self->call != NULL && plan != NULL)
    question->result = via_call_describe (self->call, plan);
}

gchar *
via_session_describe (ViaSession *self, gboolean is_current)
{
  ViaSessionAsk question = {.is_current = is_current};

  via_session_ask (self, ask_describe, &question, NULL);
  return question.result;
}

static void
ask_state (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  question->state =
      self->call != NULL ? via_call_state (self->call) : VIA_CONNECTION_NEW;
}

ViaConnectionState
via_session_state (ViaSession *self)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_state, &question, NULL);
  return question.state;
}

static void
ask_stats (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  question->stats = self->call != NULL ? via_call_stats (self->call)
                                       : gst_structure_new ("via-peer-stats",
                                           "version", G_TYPE_UINT, 1, NULL);
  gst_structure_set (question->stats, "packets-unused", G_TYPE_UINT64,
      via_received_unused (self->received), NULL);
}

GstStructure *
via_session_stats (ViaSession *self)
{
  ViaSessionAsk question = {0};

  via_session_ask (self, ask_stats, &question, NULL);
  if (self->data != NULL)
    via_datalink_stats (self->data, question.stats);
  return question.stats;
}
