/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/dial.c – the client side of WHIP and WHEP: from the first request to a
 * session that stands, and from one that does not to the next try.
 * RFC 9725 §4.2, §4.4 – §4.7 · RFC 9110 §10.2.3 (Retry-After)
 */
#include "http/dial-private.h"

#include <string.h>

#include "base/secret.h"

#define TYPE_SDP "application/sdp"
#define POST_TIME (15 * VIA_S)
#define OPTIONS_TIME (2 * VIA_S)
#define MAKE_TIME (30 * VIA_S) /* an offer: names, caps, candidates */
#define CONNECT_TIME (15 * VIA_S)
#define LOST_TIME (2 * VIA_S)     /* what is disconnected may come back */
#define SILENCE (1500 * VIA_MS)   /* then we ask whether it is still there */
#define FIRST_WAIT (250 * VIA_MS) /* doubles with each try */
#define RETRY_AFTER_MAX 300       /* s that a server may ask for */
#define CANDIDATES_MAX 64

/* What is told, with strings of its own. */
typedef struct _Entry
{
  ViaDialEvent event;
  gchar *url, *match, *body, *text;
} Entry;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  via_secret_free (entry->url); /* a password may be in it */
  g_free (entry->match);
  g_free (entry->body);
  g_free (entry->text);
  g_free (entry);
}

static Entry *
entry_push (ViaDial *self, ViaDialEventType type, const gchar *text)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->event.type = type;
  entry->event.text = entry->text = g_strdup (text);
  g_queue_push_tail (&self->events, entry);
  return entry;
}

void
via_dial_tell (ViaDial *self, ViaDialEventType type, const gchar *text)
{
  entry_push (self, type, text)->event.is_complete = self->has_no_patch;
}

void
via_dial_news (
    ViaDial *self, const gchar *state, guint status, const gchar *text)
{
  Entry *entry = entry_push (self, VIA_DIAL_NEWS, text);

  entry->event.state = state;
  entry->event.status = status;
}

gboolean
via_dial_next (ViaDial *self, ViaDialEvent *out)
{
  Entry *entry = g_queue_pop_head (&self->events);

  if (self->told != NULL)
    entry_free (self->told);
  self->told = entry;
  if (entry == NULL)
    return FALSE;
  *out = entry->event;
  return TRUE;
}

/* --- requests --- */

void
via_dial_cancel (ViaDial *self, ViaDialKind kind)
{
  if (!self->is_under_way[kind])
    return;
  self->is_under_way[kind] = FALSE;
  self->due[kind] = VIA_TIME_NEVER;
  entry_push (self, VIA_DIAL_CANCEL, NULL)->event.request.kind = kind;
}

void
via_dial_send (
    ViaDial *self, const ViaDialRequest *request, ViaTime timeout, ViaTime now)
{
  Entry *entry;

  via_dial_cancel (self, request->kind);
  entry = entry_push (self, VIA_DIAL_SEND, NULL);
  entry->event.request = *request;
  entry->event.request.url = entry->url = g_strdup (request->url);
  entry->event.request.match = entry->match = g_strdup (request->match);
  entry->event.request.body = entry->body = g_strdup (request->body);
  entry->event.request.takes_token =
      via_dial_url_same_origin (self->url, request->url);
  self->is_under_way[request->kind] = TRUE;
  self->due[request->kind] = now + timeout;
}

void
via_dial_send_session (ViaDial *self, ViaDialKind kind, const gchar *method,
    const gchar *type, const gchar *match, const gchar *body, ViaTime timeout,
    ViaTime now)
{
  ViaDialRequest request = {kind, method, type, self->session, match, body};

  via_dial_send (self, &request, timeout, now);
}

static void
send_post (ViaDial *self, ViaTime now)
{
  ViaDialRequest request = {
      VIA_DIAL_POST, "POST", TYPE_SDP, self->target, NULL, self->offer};

  self->phase = VIA_DIAL_PHASE_POSTING;
  self->wake = VIA_TIME_NEVER; /* the request has its time */
  via_dial_send (self, &request, POST_TIME, now);
}

/* --- a new try, and none --- */

/* Nothing of the try before is kept. */
static void
forget (ViaDial *self)
{
  via_secret_free (self->target);
  self->target = g_strdup (self->url);
  g_clear_pointer (&self->session, via_secret_free);
  g_clear_pointer (&self->etag, g_free);
  g_clear_pointer (&self->offer, g_free);
  g_clear_pointer (&self->answer, g_free);
  g_ptr_array_set_size (self->candidates, 0);
  self->redirects = 0;
  self->is_counter = self->is_gathered = self->is_end_told = FALSE;
  self->has_no_trickle = self->is_connected = self->is_blind = FALSE;
  self->has_restarted = self->is_back = self->is_lost = FALSE;
  self->probe_at = VIA_TIME_NEVER;
}

static void
say_goodbye (ViaDial *self, ViaTime now)
{
  for (guint kind = 0; kind < VIA_DIAL_KINDS; kind++)
    if (kind != VIA_DIAL_DELETE)
      via_dial_cancel (self, kind);
  if (self->session != NULL)
    via_dial_send_session (
        self, VIA_DIAL_DELETE, "DELETE", NULL, NULL, NULL, VIA_DIAL_BYE, now);
}

static void
die (ViaDial *self, const gchar *why, ViaTime now)
{
  say_goodbye (self, now);
  g_clear_pointer (&self->session, g_free);
  self->phase = VIA_DIAL_PHASE_OVER;
  self->wake = VIA_TIME_NEVER;
  via_dial_tell (self, VIA_DIAL_DEAD, why);
}

/* 0.25, 0.5, 1 … 30 s, a quarter more or less; what the server asks for at
 * least. */
static ViaTime
wait_of (ViaDial *self, gint retry_after)
{
  ViaTime wait = MIN (FIRST_WAIT << MIN (self->tries, 10), VIA_DIAL_MAX);

  wait = wait * 3 / 4 + via_rng_u32 (self->rng) % (wait / 2);
  return MAX (wait, (ViaTime) CLAMP (retry_after, 0, RETRY_AFTER_MAX) * VIA_S);
}

static gchar *
describe (ViaDial *self, guint status, const gchar *why)
{
  if (status >= 100)
    return g_strdup_printf ("%s: status %u, %s", self->shown, status, why);
  return g_strdup_printf ("%s: %s", self->shown, why);
}

void
via_dial_again (ViaDial *self, guint status, const gchar *why, gint retry_after,
    ViaTime now)
{
  g_autofree gchar *text =
      describe (self, status, why != NULL ? why : "no answer");
  g_autofree gchar *news = NULL;
  ViaTime wait;

  if (!self->is_persistent) {
    die (self, text, now);
    return;
  }
  wait = wait_of (self, retry_after);
  self->tries++;
  say_goodbye (self, now);
  forget (self);
  self->phase = VIA_DIAL_PHASE_WAITING;
  self->wake = now + wait;
  news = g_strdup_printf ("%s; again in %.1f s", text, wait / (gdouble) VIA_S);
  via_dial_news (self, "retrying", status >= 100 ? status : 0, news);
}

static void
make_offer (ViaDial *self, ViaTime now)
{
  self->phase = VIA_DIAL_PHASE_MAKING;
  self->wake = now + MAKE_TIME;
  via_dial_tell (self, VIA_DIAL_OFFER, NULL);
}

static void
begin (ViaDial *self, ViaTime now)
{
  ViaDialRequest request = {
      VIA_DIAL_OPTIONS, "OPTIONS", NULL, self->target, NULL, NULL};

  forget (self);
  request.url = self->target;
  via_dial_news (self, "calling", 0, self->shown);
  if (!self->asks_servers) {
    make_offer (self, now);
    return;
  }
  self->phase = VIA_DIAL_PHASE_ASKING;
  self->wake = VIA_TIME_NEVER;
  via_dial_send (self, &request, OPTIONS_TIME, now);
}

/* --- answers --- */

static void
take_servers (ViaDial *self, const ViaDialReply *reply)
{
  g_autofree gchar *joined = NULL;

  if (reply->links == NULL || reply->links[0] == NULL)
    return;
  joined = g_strjoinv (", ", (gchar **) reply->links);
  via_dial_tell (self, VIA_DIAL_SERVER, joined);
}

/* FALSE: it says where the session is, but not so that we understand. */
static gboolean
take_session (ViaDial *self, const ViaDialReply *reply)
{
  g_clear_pointer (&self->session, g_free);
  g_clear_pointer (&self->etag, g_free);
  if (reply->location != NULL)
    self->session = via_dial_url_resolve (self->target, reply->location);
  if (reply->etag != NULL && *reply->etag != '\0')
    self->etag = g_strdup (reply->etag);
  return self->session != NULL;
}

static gboolean
is_sdp (const ViaDialReply *reply)
{
  return reply->body != NULL && g_str_has_prefix (reply->body, "v=0");
}

static void
redirect (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  gchar *target = reply->location != NULL
                      ? via_dial_url_resolve (self->target, reply->location)
                      : NULL;
  g_autofree gchar *why = NULL;

  if (reply->status != 307 && reply->status != 308)
    why =
        describe (self, reply->status, "WHIP and WHEP redirect by 307 or 308");
  else if (target == NULL)
    why = describe (self, reply->status,
        "a redirect without a usable Location, or away from TLS");
  else if (++self->redirects > VIA_DIAL_REDIRECTS)
    why = describe (self, reply->status, "more than 10 redirects");
  if (why != NULL) {
    g_free (target);
    die (self, why, now);
    return;
  }
  via_secret_free (self->target);
  self->target = target;
  send_post (self, now);
}

static void
accept_answer (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  self->answer = g_strdup (reply->body);
  self->phase = VIA_DIAL_PHASE_UP;
  self->wake = now + CONNECT_TIME;
  take_servers (self, reply);
  via_dial_news (self, "established", reply->status,
      self->session != NULL
          ? self->shown
          : "the server does not say where the session is: no trickle, no "
            "goodbye");
  via_dial_tell (self, VIA_DIAL_ANSWER, self->answer);
  via_dial_trickle (self, now);
}

static void
accept_counter (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  self->is_counter = TRUE;
  self->phase = VIA_DIAL_PHASE_MAKING;
  self->wake = now + MAKE_TIME;
  take_servers (self, reply);
  via_dial_tell (self, VIA_DIAL_COUNTER, reply->body);
}

static gboolean
is_worth_another_try (const ViaDial *self, guint status)
{
  switch (status) {
    case 403: /* also "in use", by what we left there */
      return self->was_in;
    case 404: /* also "nobody is publishing" */
    case 408:
    case 409:
    case 425:
    case 429:
      return TRUE;
    default:
      return status <= VIA_DIAL_LATE || status >= 500;
  }
}

static const gchar *
reason_of (const ViaDialReply *reply)
{
  switch (reply->status) {
    case 0:
      return reply->error;
    case VIA_DIAL_LATE:
      return "no answer in time";
    case VIA_DIAL_UNTRUSTED:
      return "the server's certificate is not trusted (see signaling-tls-ca)";
    case 401:
      return "the server wants another auth-token";
    case 403:
      return "the server does not let us in";
    case 404:
      return "nothing there, or nobody is publishing";
    case 409:
      return "not now, the stream is in use or nobody is publishing";
    case 429:
      return "too many requests";
    case 503:
      return "the server is full";
    default:
      return "refused";
  }
}

static void
reply_post (ViaDial *self, const ViaDialReply *reply, ViaTime now)
{
  g_autofree gchar *why = NULL;

  if (reply->status >= 300 && reply->status < 400) {
    redirect (self, reply, now);
    return;
  }
  if (reply->status == 201 || reply->status == 200) {
    take_session (self, reply);
    if (is_sdp (reply))
      accept_answer (self, reply, now);
    else
      via_dial_again (self, reply->status, "the answer is no SDP", -1, now);
    return;
  }
  if (reply->status == 406 && self->is_play && is_sdp (reply)
      && take_session (self, reply)) {
    accept_counter (self, reply, now);
    return;
  }
  if (is_worth_another_try (self, reply->status)) {
    via_dial_again (
        self, reply->status, reason_of (reply), reply->retry_after, now);
    return;
  }
  why = describe (self, reply->status, reason_of (reply));
  die (self, why, now);
}

static void
finish (ViaDial *self)
{
  for (guint kind = 0; kind < VIA_DIAL_KINDS; kind++)
    via_dial_cancel (self, kind);
  self->phase = VIA_DIAL_PHASE_OVER;
  self->wake = VIA_TIME_NEVER;
  via_dial_tell (self, VIA_DIAL_DONE, NULL);
}

/* Only what is needed for goodbye counts. */
static void
reply_stopping (
    ViaDial *self, ViaDialKind kind, const ViaDialReply *reply, ViaTime now)
{
  if (kind == VIA_DIAL_POST
      && (reply->status == 200 || reply->status == 201 || reply->status == 406)
      && take_session (self, reply))
    say_goodbye (self, now);
  if (!self->is_under_way[VIA_DIAL_DELETE])
    finish (self);
}

void
via_dial_reply (
    ViaDial *self, ViaDialKind kind, const ViaDialReply *reply, ViaTime now)
{
  if (!self->is_under_way[kind])
    return;
  self->is_under_way[kind] = FALSE;
  self->due[kind] = VIA_TIME_NEVER;
  if (self->phase == VIA_DIAL_PHASE_STOPPING) {
    reply_stopping (self, kind, reply, now);
  } else if (kind == VIA_DIAL_OPTIONS) { /* whatever it says */
    take_servers (self, reply);
    make_offer (self, now);
  } else if (kind == VIA_DIAL_POST) {
    reply_post (self, reply, now);
  } else if (kind == VIA_DIAL_PATCH) {
    via_dial_reply_patch (self, reply, now);
  } else if (kind == VIA_DIAL_PROBE) {
    via_dial_reply_probe (self, reply, now);
  }
}

/* --- what our side says --- */

void
via_dial_offered (
    ViaDial *self, const gchar *sdp, gboolean is_complete, ViaTime now)
{
  if (self->phase != VIA_DIAL_PHASE_MAKING
      && self->phase != VIA_DIAL_PHASE_RESTARTING)
    return;
  g_free (self->offer);
  self->offer = g_strdup (sdp);
  self->is_gathered = self->is_end_told = is_complete;
  g_ptr_array_set_size (self->candidates, 0);
  if (self->phase == VIA_DIAL_PHASE_RESTARTING)
    via_dial_send_restart (self, now);
  else if (self->is_counter)
    via_dial_send_counter (self, now);
  else
    send_post (self, now);
}

void
via_dial_failed (ViaDial *self, const gchar *why, ViaTime now)
{
  if (self->phase != VIA_DIAL_PHASE_OVER
      && self->phase != VIA_DIAL_PHASE_STOPPING)
    via_dial_again (self, 0, why, -1, now);
}

void
via_dial_candidate (ViaDial *self, const gchar *candidate, ViaTime now)
{
  if (self->offer == NULL)
    return; /* it will be in there */
  if (*candidate == '\0')
    self->is_gathered = TRUE;
  else if (strstr (self->offer, candidate) == NULL
           && self->candidates->len < CANDIDATES_MAX)
    g_ptr_array_add (self->candidates, g_strdup (candidate));
  via_dial_trickle (self, now);
}

void
via_dial_connected (ViaDial *self, ViaTime now)
{
  if (self->phase == VIA_DIAL_PHASE_RESTARTING)
    self->is_back = TRUE; /* it will not be said again */
  if (self->phase != VIA_DIAL_PHASE_UP
      && self->phase != VIA_DIAL_PHASE_COUNTERING)
    return;
  self->tries = 0;
  self->was_in = self->is_connected = TRUE;
  self->has_restarted = self->is_lost = FALSE;
  self->wake = VIA_TIME_NEVER;
  via_dial_probe (self, now); /* what it says of a session that is there */
  via_dial_heard (self, now);
}

void
via_dial_disconnected (ViaDial *self, ViaDialLoss how, ViaTime now)
{
  self->is_back = FALSE;
  self->is_lost = TRUE;
  if (self->phase != VIA_DIAL_PHASE_UP
      && (self->phase != VIA_DIAL_PHASE_RESTARTING || how != VIA_DIAL_ENDED))
    return;
  if (how == VIA_DIAL_ENDED)
    via_dial_again (self, 0, "the far end has ended the call", -1, now);
  else
    self->wake =
        MIN (self->wake, how == VIA_DIAL_SHAKY ? now + LOST_TIME : now);
}

void
via_dial_heard (ViaDial *self, ViaTime now)
{
  self->heard = now;
  if (self->is_connected)
    self->probe_at = now + SILENCE;
}

void
via_dial_start (ViaDial *self, ViaTime now)
{
  if (self->phase == VIA_DIAL_PHASE_IDLE)
    begin (self, now);
}

void
via_dial_stop (ViaDial *self, ViaTime now)
{
  gboolean has_asked = self->phase == VIA_DIAL_PHASE_POSTING;

  if (self->phase == VIA_DIAL_PHASE_STOPPING)
    return;
  self->phase = VIA_DIAL_PHASE_STOPPING;
  self->wake = now + VIA_DIAL_BYE;
  if (!has_asked) /* else the session's address may still come */
    say_goodbye (self, now);
  if (!has_asked && !self->is_under_way[VIA_DIAL_DELETE])
    finish (self);
}

/* --- time --- */

ViaTime
via_dial_deadline (const ViaDial *self)
{
  ViaTime when = MIN (self->wake, self->probe_at);

  for (guint kind = 0; kind < VIA_DIAL_KINDS; kind++)
    when = MIN (when, self->due[kind]);
  return when;
}

static void
expire_phase (ViaDial *self, ViaTime now)
{
  self->wake = VIA_TIME_NEVER;
  switch (self->phase) {
    case VIA_DIAL_PHASE_WAITING:
      begin (self, now);
      break;
    case VIA_DIAL_PHASE_STOPPING:
      finish (self);
      break;
    case VIA_DIAL_PHASE_UP:
      if (self->is_connected)
        via_dial_rescue (self, now);
      else
        via_dial_again (self, 0, "no media connection comes about", -1, now);
      break;
    default:
      via_dial_again (self, 0, "our side takes too long", -1, now);
  }
}

void
via_dial_expire (ViaDial *self, ViaTime now)
{
  static const ViaDialReply late = {.status = VIA_DIAL_LATE, .retry_after = -1};

  for (guint kind = 0; kind < VIA_DIAL_KINDS; kind++) {
    if (self->due[kind] > now)
      continue;
    entry_push (self, VIA_DIAL_CANCEL, NULL)->event.request.kind = kind;
    via_dial_reply (self, kind, &late, now);
  }
  if (self->probe_at <= now)
    via_dial_probe (self, now);
  if (self->wake <= now)
    expire_phase (self, now);
}

/* --- life --- */

ViaDial *
via_dial_new (const ViaDialConfig *config, GError **error)
{
  gboolean is_play;
  gchar *url = via_dial_url_of (config->uri, &is_play, error);
  ViaDial *self;

  if (url == NULL)
    return NULL;
  self = g_new0 (ViaDial, 1);
  self->url = url;
  self->shown = via_dial_url_shown (url);
  self->is_play = is_play;
  self->asks_servers = config->asks_servers;
  self->is_persistent = config->is_persistent;
  self->rng = config->rng;
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  self->wake = self->probe_at = VIA_TIME_NEVER;
  for (guint kind = 0; kind < VIA_DIAL_KINDS; kind++)
    self->due[kind] = VIA_TIME_NEVER;
  g_queue_init (&self->events);
  return self;
}

void
via_dial_free (ViaDial *self)
{
  forget (self);
  g_queue_clear_full (&self->events, entry_free);
  if (self->told != NULL)
    entry_free (self->told);
  g_ptr_array_unref (self->candidates);
  via_secret_free (self->target);
  g_free (self->shown);
  via_secret_free (self->url);
  g_free (self);
}

gboolean
via_dial_is_play (const ViaDial *self)
{
  return self->is_play;
}

const gchar *
via_dial_shown (const ViaDial *self)
{
  return self->shown;
}
