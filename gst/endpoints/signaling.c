/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling.c – carries offers and answers by WHIP or WHEP, on a
 * thread of its own: what http/dial says is done, what happens is told to it.
 */
#include "endpoints/signaling.h"

#include <stdlib.h>
#include <string.h>

#include "http/client.h"

#define POLL (400 * VIA_MS) /* how often it is asked whether something came */

struct _ViaSignaling
{
  gatomicrefcount refs;
  /* immutable */
  gchar *token, *tls_ca;
  ViaSignalingFuncs funcs;
  GWeakRef user;
  GMainContext *context;
  gint is_stopped; /* atomic */
  /* its thread */
  ViaDial *dial;
  ViaHttpClient *client;
  GSource *alarm;
  ViaTime describe_at; /* the offer goes out; VIA_TIME_NEVER: none is made */
  ViaTime poll_at;     /* VIA_TIME_NEVER: not connected */
  gboolean is_gathered, is_over;
  guint64 heard;
};

/* --- who is still saying goodbye; any thread --- */

static struct
{
  GMutex lock;
  GCond gone;
  guint n;
  gboolean is_watched; /* the end of the process */
} goodbyes;

static void
wait_for_goodbyes (void)
{
  gint64 end = g_get_monotonic_time () + VIA_DIAL_BYE;

  g_mutex_lock (&goodbyes.lock);
  while (
      goodbyes.n > 0 && g_cond_wait_until (&goodbyes.gone, &goodbyes.lock, end))
    ;
  g_mutex_unlock (&goodbyes.lock);
}

static void
count_goodbye (gint by)
{
  g_mutex_lock (&goodbyes.lock);
  goodbyes.n += by;
  if (!goodbyes.is_watched)
    atexit (wait_for_goodbyes);
  goodbyes.is_watched = TRUE;
  g_cond_broadcast (&goodbyes.gone);
  g_mutex_unlock (&goodbyes.lock);
}

/* --- life --- */

ViaSignaling *
via_signaling_ref (ViaSignaling *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_signaling_unref (ViaSignaling *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_dial_free (self->dial);
  g_weak_ref_clear (&self->user);
  g_main_context_unref (self->context);
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_free (self->token);
  g_free (self->tls_ca);
  g_free (self);
}

/* --- the call, as http/dial wants it; the thread --- */

/* NULL: it is gone, or has hung up. (transfer full) */
static GObject *
user_of (ViaSignaling *self)
{
  return g_atomic_int_get (&self->is_stopped) ? NULL
                                              : g_weak_ref_get (&self->user);
}

static void
tell_failure (ViaSignaling *self, const GError *error)
{
  self->describe_at = VIA_TIME_NEVER;
  via_dial_failed (self->dial, error != NULL ? error->message : "no endpoint",
      g_get_monotonic_time ());
}

static void
make_call (ViaSignaling *self, const ViaDialEvent *event)
{
  g_autoptr (GObject) user = user_of (self);
  g_autoptr (GError) error = NULL;
  gboolean is_made = FALSE;

  self->is_gathered = FALSE;
  self->poll_at = VIA_TIME_NEVER;
  self->describe_at = VIA_TIME_NEVER;
  if (user != NULL && event->type == VIA_DIAL_COUNTER)
    is_made = self->funcs.counter (user, self, event->text, &error);
  else if (user != NULL)
    is_made =
        self->funcs.offer (user, self, event->type == VIA_DIAL_RESTART, &error);
  if (is_made)
    self->describe_at =
        g_get_monotonic_time ()
        + (event->is_complete ? VIA_DIAL_GATHER_ALL : VIA_DIAL_GATHER);
  else
    tell_failure (self, error);
}

static void
describe (ViaSignaling *self)
{
  g_autoptr (GObject) user = user_of (self);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *sdp = NULL;
  gboolean is_gathered = self->is_gathered;

  self->describe_at = VIA_TIME_NEVER;
  if (user != NULL)
    sdp = self->funcs.describe (user, self, &error);
  if (sdp != NULL)
    via_dial_offered (self->dial, sdp, is_gathered, g_get_monotonic_time ());
  else
    tell_failure (self, error);
}

static void
take_answer (ViaSignaling *self, const gchar *text)
{
  g_autoptr (GObject) user = user_of (self);
  g_autoptr (GError) error = NULL;

  if (user == NULL || !self->funcs.answer (user, self, text, &error))
    tell_failure (self, error);
}

/* --- what http/dial says --- */

static void
tell_user (ViaSignaling *self, const ViaDialEvent *event)
{
  g_autoptr (GObject) user = user_of (self);

  if (user == NULL)
    return;
  if (event->type == VIA_DIAL_SERVER)
    self->funcs.server (user, self, event->text);
  else if (event->type == VIA_DIAL_NEWS)
    self->funcs.news (user, self, event->state, event->status, event->text);
  else if (event->type == VIA_DIAL_DEAD)
    self->funcs.dead (user, self, event->text);
}

static void
handle (ViaSignaling *self, const ViaDialEvent *event)
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
      self->is_over = TRUE;
      break;
    default:
      tell_user (self, event);
  }
}

static void
set_alarm (ViaSignaling *self)
{
  ViaTime when = MIN (
      via_dial_deadline (self->dial), MIN (self->describe_at, self->poll_at));

  g_source_set_ready_time (self->alarm, when == VIA_TIME_NEVER ? -1 : when);
}

static void
pump (ViaSignaling *self)
{
  ViaDialEvent event;

  while (via_dial_next (self->dial, &event))
    handle (self, &event);
  set_alarm (self);
}

static void
poll_media (ViaSignaling *self, ViaTime now)
{
  g_autoptr (GObject) user = user_of (self);
  guint64 heard = user != NULL ? self->funcs.heard (user, self) : self->heard;

  self->poll_at = now + POLL;
  if (heard != self->heard)
    via_dial_heard (self->dial, now);
  self->heard = heard;
}

static gboolean
on_alarm (gpointer data)
{
  ViaSignaling *self = data;
  ViaTime now = g_get_monotonic_time ();

  if (self->poll_at <= now)
    poll_media (self, now);
  if (self->describe_at <= now)
    describe (self);
  via_dial_expire (self->dial, now);
  pump (self);
  return G_SOURCE_CONTINUE;
}

static void
on_reply (gpointer user, ViaDialKind kind, const ViaDialReply *reply)
{
  ViaSignaling *self = user;

  via_dial_reply (self->dial, kind, reply, g_get_monotonic_time ());
  set_alarm (self);
  g_source_set_ready_time (self->alarm, 0); /* pump, but not from within */
}

/* --- what the call says --- */

typedef struct
{
  ViaSignaling *self;
  gchar *candidate; /* NULL: the state */
  ViaConnectionState state;
} Note;

static void
note_free (gpointer data)
{
  Note *note = data;

  via_signaling_unref (note->self);
  g_free (note->candidate);
  g_free (note);
}

static void
take_state (ViaSignaling *self, ViaConnectionState state, ViaTime now)
{
  if (state == VIA_CONNECTION_CONNECTED) {
    self->poll_at = now + POLL;
    via_dial_connected (self->dial, now);
  } else if (state == VIA_CONNECTION_DISCONNECTED) {
    via_dial_disconnected (self->dial, VIA_DIAL_SHAKY, now);
  } else if (state == VIA_CONNECTION_FAILED) {
    via_dial_disconnected (self->dial, VIA_DIAL_PATHLESS, now);
  } else if (state == VIA_CONNECTION_CLOSED) {
    via_dial_disconnected (self->dial, VIA_DIAL_ENDED, now);
  }
}

static gboolean
run_note (gpointer data)
{
  Note *note = data;
  ViaSignaling *self = note->self;
  ViaTime now = g_get_monotonic_time ();

  if (self->client == NULL) /* the thread has ended */
    return G_SOURCE_REMOVE;
  if (note->candidate == NULL) {
    take_state (self, note->state, now);
  } else {
    via_dial_candidate (self->dial, note->candidate, now);
    self->is_gathered |= *note->candidate == '\0';
    if (*note->candidate == '\0' && self->describe_at != VIA_TIME_NEVER)
      self->describe_at = now;
  }
  pump (self);
  return G_SOURCE_REMOVE;
}

static void
post_note (ViaSignaling *self, const gchar *candidate, ViaConnectionState state)
{
  Note *note = g_new0 (Note, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  note->self = via_signaling_ref (self);
  note->candidate = g_strdup (candidate);
  note->state = state;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_note, note, note_free);
  g_source_attach (source, self->context);
}

void
via_signaling_candidate (ViaSignaling *self, const gchar *candidate)
{
  post_note (self, candidate, VIA_CONNECTION_NEW);
}

void
via_signaling_state (ViaSignaling *self, ViaConnectionState state)
{
  post_note (self, NULL, state);
}

/* --- the thread --- */

static gboolean
dispatch_alarm (GSource *source, GSourceFunc func, gpointer data)
{
  g_source_set_ready_time (source, -1);
  return func (data);
}

static void
run_call (ViaSignaling *self)
{
  static GSourceFuncs alarm_funcs = {.dispatch = dispatch_alarm};
  gboolean is_stopping = FALSE;

  self->alarm = g_source_new (&alarm_funcs, sizeof (GSource));
  g_source_set_callback (self->alarm, on_alarm, self, NULL);
  g_source_attach (self->alarm, self->context);
  via_dial_start (self->dial, g_get_monotonic_time ());
  pump (self);
  while (!self->is_over) {
    g_main_context_iteration (self->context, TRUE);
    if (is_stopping || !g_atomic_int_get (&self->is_stopped))
      continue;
    is_stopping = TRUE;
    via_dial_stop (self->dial, g_get_monotonic_time ());
    pump (self);
  }
  g_source_destroy (self->alarm);
  g_source_unref (self->alarm);
}

static gpointer
thread_main (gpointer data)
{
  ViaSignaling *self = data;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);
  self->client = via_http_client_new (self->tls_ca, on_reply, self, &error);
  if (self->client != NULL) {
    run_call (self);
  } else {
    g_autoptr (GObject) user = user_of (self);

    if (user != NULL)
      self->funcs.dead (user, self, error->message);
    while (!g_atomic_int_get (&self->is_stopped))
      g_main_context_iteration (self->context, TRUE);
  }
  g_clear_pointer (&self->client, via_http_client_free);
  g_main_context_pop_thread_default (self->context);
  count_goodbye (-1);
  via_signaling_unref (self);
  return NULL;
}

ViaSignaling *
via_signaling_new (const ViaSignalingConfig *config,
    const ViaSignalingFuncs *funcs, GObject *user, GError **error)
{
  ViaDialConfig dial = {.uri = config->uri,
      .asks_servers = config->asks_servers,
      .is_persistent = config->is_persistent,
      .rng = via_system_rng ()};
  ViaDial *made = via_dial_new (&dial, error);
  ViaSignaling *self;

  if (made == NULL)
    return NULL;
  self = g_new0 (ViaSignaling, 1);
  g_atomic_ref_count_init (&self->refs);
  self->dial = made;
  self->token = g_strdup (config->token);
  self->tls_ca = g_strdup (config->tls_ca);
  self->funcs = *funcs;
  g_weak_ref_init (&self->user, user);
  self->context = g_main_context_new ();
  self->describe_at = self->poll_at = VIA_TIME_NEVER;
  count_goodbye (1);
  g_thread_unref (
      g_thread_new ("via-dial", thread_main, via_signaling_ref (self)));
  return self;
}

void
via_signaling_stop (ViaSignaling *self)
{
  g_atomic_int_set (&self->is_stopped, 1);
  g_main_context_wakeup (self->context);
  via_signaling_unref (self);
}
