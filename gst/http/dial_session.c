/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/dial_session.c – a WHIP or WHEP session that stands: trickle, ICE
 * restart, is it still there.
 * RFC 9725 §4.3 · RFC 8840 §9
 */
#include "http/dial-private.h"

#include "http/sdpfrag.h"

#define TYPE_FRAG "application/trickle-ice-sdpfrag"
#define PATCH_TIME (10 * VIA_S)
#define PROBE_TIME (2 * VIA_S)
#define PROBE_EVERY (5 * VIA_S) /* while nothing is heard */
#define CONNECT_TIME (15 * VIA_S)
#define PATCHLESS_TIME (1 * VIA_S) /* to connect without our candidates */

static gboolean
is_good (guint status)
{
  return status >= 200 && status < 300;
}

static gboolean
has_gone (guint status)
{
  return status == 404 || status == 410;
}

/* --- trickle --- */

void
via_dial_trickle (ViaDial *self, ViaTime now)
{
  g_autofree gchar *body = NULL;
  gboolean is_end = self->is_gathered && !self->is_end_told;

  if (self->phase != VIA_DIAL_PHASE_UP || self->session == NULL
      || self->has_no_trickle || self->has_no_patch || self->is_counter
      || self->is_under_way[VIA_DIAL_PATCH]
      || (self->candidates->len == 0 && !is_end))
    return;
  g_ptr_array_add (self->candidates, NULL);
  body = via_sdpfrag_trickle (self->offer,
      (const gchar *const *) self->candidates->pdata, self->is_gathered);
  g_ptr_array_set_size (self->candidates, 0);
  self->is_end_told = self->is_gathered;
  via_dial_send_session (self, VIA_DIAL_PATCH, "PATCH", TYPE_FRAG, self->etag,
      body, PATCH_TIME, now);
}

/* --- ICE restart --- */

void
via_dial_send_restart (ViaDial *self, ViaTime now)
{
  g_auto (GStrv) candidates = via_sdpfrag_candidates (self->offer);
  g_autofree gchar *body = via_sdpfrag_trickle (
      self->offer, (const gchar *const *) candidates, self->is_gathered);

  self->is_end_told = self->is_gathered;
  via_dial_send_session (
      self, VIA_DIAL_PATCH, "PATCH", TYPE_FRAG, "*", body, PATCH_TIME, now);
}

static gboolean
can_restart (const ViaDial *self)
{
  return self->etag != NULL && self->session != NULL && self->answer != NULL
         && !self->is_counter && !self->has_no_patch && !self->has_restarted;
}

void
via_dial_rescue (ViaDial *self, ViaTime now)
{
  if (!can_restart (self)) {
    via_dial_again (self, 0, "the connection is lost", -1, now);
    return;
  }
  via_dial_cancel (self, VIA_DIAL_PATCH);
  self->phase = VIA_DIAL_PHASE_RESTARTING;
  self->has_restarted = TRUE;
  self->is_back = !self->is_lost;
  self->wake = now + PATCH_TIME;
  via_dial_news (self, "restarting", 0, "ICE restarts over another path");
  via_dial_tell (self, VIA_DIAL_RESTART, NULL);
}

void
via_dial_silent (ViaDial *self, ViaTime now)
{
  if (self->phase == VIA_DIAL_PHASE_UP && self->is_connected
      && can_restart (self))
    via_dial_rescue (self, now);
}

/* The session goes on; the old path may be there again, which is not told
 * twice. */
static void
go_on (ViaDial *self, ViaTime now)
{
  self->phase = VIA_DIAL_PHASE_UP;
  self->wake = now + CONNECT_TIME;
  if (self->is_back)
    via_dial_connected (self, now);
}

static void
finish_restart (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  g_autoptr (GError) error = NULL;
  gchar *answer = NULL;

  if (reply->status == 200 && reply->body != NULL)
    answer = via_sdpfrag_splice (self->answer, reply->body, &error);
  if (answer == NULL && self->is_back && reply->status >= 100
      && !has_gone (reply->status)) {
    go_on (self, now); /* RFC 9725 §4.3.2: refused, the old one stays */
    return;
  }
  if (answer == NULL) {
    via_dial_again (self, reply->status,
        error != NULL ? error->message : "the server restarts no ICE", -1, now);
    return;
  }
  g_free (self->answer);
  self->answer = answer;
  if (reply->etag != NULL) {
    g_free (self->etag);
    self->etag = g_strdup (reply->etag);
  }
  go_on (self, now);
  via_dial_tell (self, VIA_DIAL_ANSWER, answer);
  via_dial_trickle (self, now);
}

/* --- their offer, our answer --- */

void
via_dial_send_counter (ViaDial *self, ViaTime now)
{
  self->phase = VIA_DIAL_PHASE_COUNTERING;
  self->wake = VIA_TIME_NEVER;
  via_dial_send_session (self, VIA_DIAL_PATCH, "PATCH", "application/sdp",
      self->etag, self->offer, PATCH_TIME, now);
}

static void
finish_counter (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  if (!is_good (reply->status)) {
    via_dial_again (self, reply->status, "our answer to the server's offer",
        reply->retry_after, now);
    return;
  }
  self->phase = VIA_DIAL_PHASE_UP;
  self->wake = self->is_connected ? VIA_TIME_NEVER : now + CONNECT_TIME;
  via_dial_news (self, "established", reply->status, "the server has offered");
}

void
via_dial_reply_patch (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  guint status = reply->status;

  if (self->phase == VIA_DIAL_PHASE_RESTARTING) {
    finish_restart (self, reply, now);
    return;
  }
  if (self->phase == VIA_DIAL_PHASE_COUNTERING) {
    finish_counter (self, reply, now);
    return;
  }
  if (is_good (status)) {
    via_dial_trickle (self, now);
    return;
  }
  self->has_no_trickle = TRUE;
  if (status != 405 && status != 501)
    return; /* it may connect without */
  self->has_no_patch = TRUE;
  if (!self->is_connected)
    self->wake = MIN (self->wake, now + PATCHLESS_TIME);
}

/* --- is it still there? --- */

/* A far end that was killed says nothing; consent would take ten seconds to
 * run out (RFC 7675). Who is asked at once tells after one: 404, or nobody. */
void
via_dial_probe (ViaDial *self, ViaTime now)
{
  self->probe_at = VIA_TIME_NEVER;
  if (self->phase != VIA_DIAL_PHASE_UP || self->session == NULL
      || self->is_under_way[VIA_DIAL_PROBE])
    return;
  via_dial_send_session (
      self, VIA_DIAL_PROBE, "GET", NULL, NULL, NULL, PROBE_TIME, now);
}

void
via_dial_reply_probe (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  /* Something came meanwhile: it is there, whatever GET means to it. */
  gboolean is_alive = self->probe_at != VIA_TIME_NEVER;

  if (is_alive)
    self->is_blind |= has_gone (reply->status);
  else if (reply->status == 0
           || (has_gone (reply->status) && !self->is_blind)) {
    via_dial_again (self, reply->status,
        reply->status == 0 ? reply->error : "the session is gone", -1, now);
    return;
  }
  if (!is_alive)
    self->probe_at = now + PROBE_EVERY;
}
