/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling_room.c – a member of a room, by its WebSocket: the server
 * offers, we answer (docs/room-protocol.md). A socket is one membership.
 */
#include "endpoints/signaling-private.h"

#include "base/secret.h"
#include "http/calltext.h"
#include "http/wsclient.h"

#define OPEN_TIME (10 * VIA_S)  /* until the socket is there */
#define OFFER_TIME (15 * VIA_S) /* from join to the first offer */
#define MEDIA_TIME (30 * VIA_S) /* from there to a connection */

typedef struct
{
  ViaSignaling *base;               /* not owned */
  const ViaSignalingConfig *config; /* the base's */
  gchar *shown;                     /* the address for people */
  ViaWsClient *client;
  enum
  {
    WAITING, /* for the next try */
    OPENING,
    JOINED,   /* an offer must come */
    IN_CALL,  /* one was answered */
    STOPPING, /* goodbye */
    OVER,
  } phase;
  ViaTime wake; /* the next try, or the end of this one */
  guint tries;
  gboolean was_in; /* 403 may mean "full" by what we left there */
} Member;

/* --- tries --- */

static void
die (Member *self, const gchar *text)
{
  self->phase = OVER;
  self->wake = VIA_TIME_NEVER;
  via_signaling_dead (self->base, text);
}

/* As for WHIP: what another try may mend. */
static gboolean
is_worth_another_try (const Member *self, guint status)
{
  switch (status) {
    case VIA_DIAL_UNTRUSTED:
      return FALSE;
    case 403:
      return self->was_in;
    case 404:
    case 408:
    case 409:
    case 425:
    case 429:
      return TRUE;
    default:
      return status < 400 || status >= 500;
  }
}

static void
again (Member *self, guint status, const gchar *why)
{
  g_autofree gchar *text = NULL;
  ViaTime wait = via_signaling_wait (self->tries);

  via_ws_client_drop (self->client);
  if (status == VIA_DIAL_UNTRUSTED)
    why = "the server's certificate is not trusted (see signaling-tls-ca)";
  if (status == 401)
    why = "the server wants another auth-token";
  text = status >= 100
             ? g_strdup_printf ("%s: status %u, %s", self->shown, status, why)
             : g_strdup_printf ("%s: %s", self->shown, why);
  if (!self->config->is_persistent || !is_worth_another_try (self, status)) {
    die (self, text);
    return;
  }
  self->tries++;
  self->phase = WAITING;
  self->wake = g_get_monotonic_time () + wait;
  via_signaling_retry (self->base, status >= 100 ? status : 0, text, wait);
}

static void
join (Member *self, ViaTime now)
{
  self->phase = OPENING;
  self->wake = now + OPEN_TIME;
  via_signaling_news (self->base, "calling", 0, self->shown);
  via_ws_client_open (self->client, self->config->uri, self->config->token);
}

/* --- what the server says --- */

/* @text: (transfer full) */
static void
say (Member *self, gchar *text)
{
  via_ws_client_send (self->client, text);
  via_secret_free (text);
}

static void
hear_offer (Member *self, const gchar *offer)
{
  gboolean is_first = self->phase == JOINED;
  VIA_SECRET gchar *answer = NULL;
  g_autoptr (GError) error = NULL;

  if (via_signaling_counter (self->base,
          is_first ? VIA_SIGNALING_NEW : VIA_SIGNALING_SAME, offer, &error))
    answer = via_signaling_describe (self->base, &error);
  if (answer == NULL) {
    again (self, 0, error->message);
    return;
  }
  say (self, via_calltext_description ("answer", answer, NULL));
  self->phase = IN_CALL;
  if (!is_first)
    return;
  self->wake = g_get_monotonic_time () + MEDIA_TIME;
  via_signaling_news (self->base, "established", 101, self->shown);
}

static void
on_opened (gpointer user)
{
  Member *self = user;
  const ViaSignalingConfig *config = self->config;

  if (self->phase != OPENING)
    return;
  self->phase = JOINED;
  self->wake = g_get_monotonic_time () + OFFER_TIME;
  say (self,
      via_calltext_join (config->app_data != NULL && *config->app_data != '\0'
                             ? config->app_data
                             : config->name,
          config->app_data));
  via_signaling_wake (self->base);
}

static void
on_text (gpointer user, const gchar *text, gsize len)
{
  Member *self = user;
  g_auto (ViaCalltextMessage) message = {0};

  if ((self->phase != JOINED && self->phase != IN_CALL)
      || !via_calltext_read (&message, text, len, NULL))
    return;
  if (message.type == VIA_CALLTEXT_OFFER)
    hear_offer (self, message.sdp);
  else if (message.type == VIA_CALLTEXT_CANDIDATE && self->phase == IN_CALL)
    via_signaling_their_candidate (
        self->base, message.mline, message.candidate);
  else if (message.type == VIA_CALLTEXT_ERROR && message.is_last)
    again (self, 0, message.text != NULL ? message.text : "refused");
  else if (message.type == VIA_CALLTEXT_BYE)
    again (self, 0, "the room was closed");
  via_signaling_wake (self->base);
}

static void
on_closed (gpointer user, guint status, const gchar *why)
{
  Member *self = user;

  if (self->phase == STOPPING)
    via_signaling_finish (self->base);
  else if (self->phase != OVER)
    again (self, status, why);
  via_signaling_wake (self->base);
}

/* --- the way --- */

static void
candidate (gpointer way, guint mline, const gchar *text, ViaTime now)
{
  Member *self = way;

  if (self->phase == IN_CALL) /* else it is in the answer */
    say (self, via_calltext_candidate (mline, text));
}

static void
state (gpointer way, ViaConnectionState now_is, ViaTime now)
{
  Member *self = way;

  if (self->phase != IN_CALL)
    return;
  if (now_is == VIA_CONNECTION_CONNECTED) {
    self->was_in = TRUE;
    self->tries = 0;
    self->wake = VIA_TIME_NEVER;
  } else if (now_is == VIA_CONNECTION_FAILED
             || now_is == VIA_CONNECTION_CLOSED) {
    again (self, 0, "the media connection is lost");
  }
}

static void
stop (gpointer way, ViaTime now)
{
  Member *self = way;

  self->phase = STOPPING;
  self->wake = now + VIA_DIAL_BYE;
  say (self, via_calltext_bye ());
  if (!via_ws_client_close (self->client))
    via_signaling_finish (self->base);
}

static ViaTime
deadline (gpointer way)
{
  return ((Member *) way)->wake;
}

static void
expire (gpointer way, ViaTime now)
{
  Member *self = way;

  if (self->wake > now)
    return;
  self->wake = VIA_TIME_NEVER;
  if (self->phase == STOPPING)
    via_signaling_finish (self->base);
  else if (self->phase == WAITING)
    join (self, now);
  else if (self->phase == IN_CALL)
    again (self, 0, "no media connection comes about");
  else if (self->phase != OVER)
    again (self, 0, "no answer in time");
}

static void
close_way (gpointer way)
{
  Member *self = way;

  via_ws_client_free (self->client);
  g_free (self->shown);
  g_free (self);
}

static gpointer
open_way (ViaSignaling *base, const ViaSignalingConfig *config, GError **error)
{
  static const ViaWsClientFuncs funcs = {on_opened, on_text, on_closed};
  Member *self = g_new0 (Member, 1);

  self->client = via_ws_client_new (config->tls_ca, &funcs, self, error);
  if (self->client == NULL) {
    g_free (self);
    return NULL;
  }
  self->base = base;
  self->config = config;
  self->shown = via_dial_url_shown (config->uri);
  self->phase = WAITING; /* until the base knows of us */
  return self;
}

const ViaSignalingKind via_signaling_room = {
    .open = open_way,
    .close = close_way,
    .candidate = candidate,
    .state = state,
    .stop = stop,
    .deadline = deadline,
    .expire = expire,
};
