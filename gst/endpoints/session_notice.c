/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_notice.c – what a session tells its owner: notices from the
 * loop to via-app, in order.
 */
#include "endpoints/session-private.h"

#include "io/app.h"

static void
notice_free (gpointer data)
{
  ViaSessionNotice *notice = data;

  via_codec_clear (&notice->track.codec);
  g_free (notice->track.name);
  g_free (notice->track.app_data);
  g_free (notice->text);
  g_free (notice->local);
  g_free (notice->remote);
  via_channels_info_clear (&notice->channel);
  g_clear_pointer (&notice->message, g_bytes_unref);
  if (notice->weight > 0)
    via_session_data_heard (notice->session, notice->weight);
  g_object_unref (notice->session->user);
  via_session_unref (notice->session);
  g_free (notice);
}

static void
run_channel (const ViaSession *self, const ViaSessionNotice *notice)
{
  switch ((guint) notice->type) {
    case NOTICE_CHANNEL_OPENED:
      self->funcs.channel_opened (self->user, &notice->channel);
      break;
    case NOTICE_CHANNEL_CLOSED:
      self->funcs.channel_closed (self->user, &notice->channel, notice->text);
      break;
    case NOTICE_CHANNEL_LOW:
      self->funcs.channel_low (self->user, &notice->channel);
      break;
    case NOTICE_CHANNEL_MESSAGE:
      self->funcs.channel_message (
          self->user, notice->channel.id, notice->is_text, notice->message);
      break;
    case NOTICE_CHANNEL_REFUSED:
      self->funcs.channel_refused (self->user, notice->text);
      break;
    default:
      break;
  }
}

static void
run_notice (gpointer data)
{
  ViaSessionNotice *notice = data;
  ViaSession *self = notice->session;

  if (notice->is_last) { /* the user is held, and wants to know */
    run_channel (self, notice);
    return;
  }
  if (!via_guard_enter (&self->guard))
    return;
  switch (notice->type) {
    case NOTICE_CANDIDATE:
      self->funcs.candidate (self->user, notice->mline, notice->text);
      break;
    case NOTICE_REMOTE_CANDIDATE:
      self->funcs.remote_candidate (self->user, notice->mline, notice->text);
      break;
    case NOTICE_GATHERING:
      self->funcs.gathering (self->user);
      break;
    case NOTICE_PAIR:
      self->funcs.pair (self->user, &notice->pair);
      break;
    case NOTICE_SERVER_FAILED:
      self->funcs.server_failed (
          self->user, notice->local, notice->mline, notice->text);
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
    case NOTICE_SIGNALING:
      self->funcs.signaling (self->user, notice->signaling);
      break;
    case NOTICE_NEEDED: /* unless it was done meanwhile */
      if (g_atomic_int_get (&self->is_needed))
        self->funcs.needed (self->user);
      break;
    case NOTICE_FLOW:
      self->funcs.flow (self->user, notice->track.kind, notice->mline,
          notice->text, notice->is_out, notice->is_flowing);
      break;
    case NOTICE_TRACKS:
      g_atomic_int_set (&self->tells_tracks, FALSE);
      self->funcs.tracks (self->user);
      break;
    case NOTICE_CHANNEL_OPENED:
    case NOTICE_CHANNEL_CLOSED:
    case NOTICE_CHANNEL_LOW:
    case NOTICE_CHANNEL_MESSAGE:
    case NOTICE_CHANNEL_REFUSED:
      run_channel (self, notice);
      break;
  }
  via_guard_leave (&self->guard);
}

ViaSessionNotice *
via_session_notice_new (ViaSession *self, guint type)
{
  ViaSessionNotice *notice = g_new0 (ViaSessionNotice, 1);

  notice->session = self;
  notice->type = type;
  g_atomic_ref_count_inc (&self->refs);
  g_object_ref (self->user);
  return notice;
}

void
via_session_notice_post (ViaSessionNotice *notice)
{
  via_app_post (run_notice, notice, notice_free);
}
