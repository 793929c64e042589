/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling_dial.c – WHIP and WHEP: what http/dial says is done, what
 * happens is told to it.
 */
#include "endpoints/signaling-private.h"

#include "http/client.h"

#define POLL (400 * VIA_MS) /* how often it is asked whether something came */

typedef struct
{
  ViaSignaling *base; /* not owned */
  const gchar *token; /* the base's */
  ViaDial *dial;
  ViaHttpClient *client;
  ViaTime describe_at; /* the offer goes out; VIA_TIME_NEVER: none is made */
  ViaTime poll_at;     /* VIA_TIME_NEVER: not connected */
  ViaTime pump_at;
  gboolean is_gathered;
  guint64 heard;
} Dialling;

/* --- the call, as http/dial wants it --- */

static void
tell_failure (Dialling *self, const GError *error)
{
  self->describe_at = VIA_TIME_NEVER;
  via_dial_failed (self->dial, error->message, g_get_monotonic_time ());
}

static void
make_call (Dialling *self, const ViaDialEvent *event)
{
  g_autoptr (GError) error = NULL;
  gboolean is_made;

  self->is_gathered = FALSE;
  self->poll_at = VIA_TIME_NEVER;
  self->describe_at = VIA_TIME_NEVER;
  if (event->type == VIA_DIAL_COUNTER)
    is_made = via_signaling_counter (
        self->base, VIA_SIGNALING_NEW, event->text, &error);
  else
    is_made = via_signaling_offer (self->base,
        event->type == VIA_DIAL_RESTART ? VIA_SIGNALING_RESTART
                                        : VIA_SIGNALING_NEW,
        &error);
  if (is_made)
    self->describe_at =
        g_get_monotonic_time ()
        + (event->is_complete ? VIA_DIAL_GATHER_ALL : VIA_DIAL_GATHER);
  else
    tell_failure (self, error);
}

static void
describe (Dialling *self)
{
  g_autoptr (GError) error = NULL;
  gboolean is_gathered = self->is_gathered;
  g_autofree gchar *sdp = via_signaling_describe (self->base, &error);

  self->describe_at = VIA_TIME_NEVER;
  if (sdp != NULL)
    via_dial_offered (self->dial, sdp, is_gathered, g_get_monotonic_time ());
  else
    tell_failure (self, error);
}

static void
take_answer (Dialling *self, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  if (!via_signaling_answer (self->base, text, &error))
    tell_failure (self, error);
}

/* --- what http/dial says --- */

static void
handle (Dialling *self, const ViaDialEvent *event)
{
  switch (event->type) {
    case VIA_DIAL_OFFER:
    case VIA_DIAL_RESTART:
    case VIA_DIAL_COUNTER:
      make_call (self, event);
      break;
    case VIA_DIAL_ANSWER:
      take_answer (self, event->text);
      break;
    case VIA_DIAL_SEND:
      via_http_client_send (self->client, &event->request, self->token);
      break;
    case VIA_DIAL_CANCEL:
      via_http_client_cancel (self->client, event->request.kind);
      break;
    case VIA_DIAL_DONE:
      via_signaling_finish (self->base);
      break;
    case VIA_DIAL_SERVER:
      via_signaling_server (self->base, event->text);
      break;
    case VIA_DIAL_NEWS:
      via_signaling_news (self->base, event->state, event->status, event->text);
      break;
    case VIA_DIAL_DEAD:
      via_signaling_dead (self->base, event->text);
      break;
    case VIA_DIAL_NOTHING:
      break;
  }
}

static void
pump (Dialling *self)
{
  ViaDialEvent event;

  self->pump_at = VIA_TIME_NEVER;
  while (via_dial_next (self->dial, &event))
    handle (self, &event);
}

static void
on_reply (gpointer user, ViaDialKind kind, const ViaDialReply *reply)
{
  Dialling *self = user;

  via_dial_reply (self->dial, kind, reply, g_get_monotonic_time ());
  self->pump_at = 0; /* but not from within */
  via_signaling_wake (self->base);
}

/* --- the way --- */

static void
poll_media (Dialling *self, ViaTime now)
{
  guint64 heard = via_signaling_heard (self->base, self->heard);

  self->poll_at = now + POLL;
  if (heard != self->heard)
    via_dial_heard (self->dial, now);
  self->heard = heard;
}

static void
expire (gpointer way, ViaTime now)
{
  Dialling *self = way;

  if (self->poll_at <= now)
    poll_media (self, now);
  if (self->describe_at <= now)
    describe (self);
  via_dial_expire (self->dial, now);
  pump (self);
}

static ViaTime
deadline (gpointer way)
{
  Dialling *self = way;

  return MIN (MIN (via_dial_deadline (self->dial), self->pump_at),
      MIN (self->describe_at, self->poll_at));
}

static void
candidate (gpointer way, guint mline, const gchar *text, ViaTime now)
{
  Dialling *self = way;

  via_dial_candidate (self->dial, text, now);
  if (*text == '\0') {
    self->is_gathered = TRUE;
    if (self->describe_at != VIA_TIME_NEVER)
      self->describe_at = now;
  }
  pump (self);
}

static void
state (gpointer way, ViaConnectionState now_is, ViaTime now)
{
  Dialling *self = way;

  if (now_is == VIA_CONNECTION_CONNECTED) {
    self->poll_at = now + POLL;
    via_dial_connected (self->dial, now);
  } else if (now_is == VIA_CONNECTION_DISCONNECTED) {
    via_dial_disconnected (self->dial, VIA_DIAL_SHAKY, now);
  } else if (now_is == VIA_CONNECTION_FAILED) {
    via_dial_disconnected (self->dial, VIA_DIAL_PATHLESS, now);
  } else if (now_is == VIA_CONNECTION_CLOSED) {
    via_dial_disconnected (self->dial, VIA_DIAL_ENDED, now);
  }
  pump (self);
}

/* WHIP and WHEP can change nothing but the path. */
static void
needed (gpointer way, gboolean is_restart, ViaTime now)
{
  Dialling *self = way;

  if (is_restart)
    via_dial_silent (self->dial, now);
  pump (self);
}

static void
stop (gpointer way, ViaTime now)
{
  Dialling *self = way;

  self->describe_at = self->poll_at = VIA_TIME_NEVER;
  via_dial_stop (self->dial, now);
  pump (self);
}

static void
close_way (gpointer way)
{
  Dialling *self = way;

  g_clear_pointer (&self->client, via_http_client_free);
  g_clear_pointer (&self->dial, via_dial_free);
  g_free (self);
}

static gpointer
open_way (ViaSignaling *base, const ViaSignalingConfig *config, GError **error)
{
  ViaDialConfig dial = {.uri = config->uri,
      .asks_servers = config->asks_servers,
      .is_persistent = config->is_persistent,
      .rng = via_system_rng ()};
  Dialling *self = g_new0 (Dialling, 1);

  self->base = base;
  self->token = config->token;
  self->describe_at = self->poll_at = self->pump_at = VIA_TIME_NEVER;
  self->dial = via_dial_new (&dial, error);
  if (self->dial != NULL)
    self->client = via_http_client_new (config->tls_ca, on_reply, self, error);
  if (self->client == NULL) {
    close_way (self);
    return NULL;
  }
  via_dial_start (self->dial, g_get_monotonic_time ());
  self->pump_at = 0; /* once this is known to the base */
  return self;
}

const ViaSignalingKind via_signaling_dial = {
    .open = open_way,
    .close = close_way,
    .candidate = candidate,
    .state = state,
    .needed = needed,
    .stop = stop,
    .deadline = deadline,
    .expire = expire,
};
