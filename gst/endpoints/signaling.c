/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling.c – the thread that carries offers and answers, and how
 * it ends. What is said, and to whom, is a way's.
 */
#include "endpoints/signaling-private.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define FIRST_WAIT (250 * VIA_MS) /* doubles with each try */

struct _ViaSignaling
{
  gatomicrefcount refs;
  /* immutable */
  ViaSignalingConfig config; /* strings of its own */
  ViaSignalingFuncs funcs;
  const ViaSignalingKind *kind;
  GWeakRef user;
  GMainContext *context;
  gint is_stopped; /* atomic */
  /* its thread */
  gpointer way; /* NULL: not yet, or not any more */
  GSource *alarm;
  gboolean is_over;
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
  g_weak_ref_clear (&self->user);
  g_main_context_unref (self->context);
  via_secret_free ((gchar *) self->config.token);
  via_secret_free ((gchar *) self->config.uri);
  g_free ((gchar *) self->config.tls_ca);
  g_free ((gchar *) self->config.name);
  g_free ((gchar *) self->config.app_data);
  g_free (self);
}

/* --- for the ways --- */

/* NULL: it is gone, or has hung up. (transfer full) */
static GObject *
user_of (ViaSignaling *self, GError **error)
{
  GObject *user = g_atomic_int_get (&self->is_stopped)
                      ? NULL
                      : g_weak_ref_get (&self->user);

  if (user == NULL)
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_STATE, "the endpoint has hung up");
  return user;
}

gboolean
via_signaling_offer (ViaSignaling *self, ViaSignalingCall call, GError **error)
{
  g_autoptr (GObject) user = user_of (self, error);

  return user != NULL && self->funcs.offer (user, self, call, error);
}

gboolean
via_signaling_counter (ViaSignaling *self, ViaSignalingCall call,
    const gchar *offer, GError **error)
{
  g_autoptr (GObject) user = user_of (self, error);

  return user != NULL && self->funcs.counter (user, self, call, offer, error);
}

gchar *
via_signaling_describe (ViaSignaling *self, GError **error)
{
  g_autoptr (GObject) user = user_of (self, error);

  return user != NULL ? self->funcs.describe (user, self, error) : NULL;
}

gboolean
via_signaling_answer (ViaSignaling *self, const gchar *answer, GError **error)
{
  g_autoptr (GObject) user = user_of (self, error);

  return user != NULL && self->funcs.answer (user, self, answer, error);
}

void
via_signaling_their_candidate (
    ViaSignaling *self, guint mline, const gchar *candidate)
{
  g_autoptr (GObject) user = user_of (self, NULL);

  if (user != NULL)
    self->funcs.candidate (user, self, mline, candidate);
}

guint64
via_signaling_heard (ViaSignaling *self, guint64 fallback)
{
  g_autoptr (GObject) user = user_of (self, NULL);

  return user != NULL ? self->funcs.heard (user, self) : fallback;
}

void
via_signaling_server (ViaSignaling *self, const gchar *link)
{
  g_autoptr (GObject) user = user_of (self, NULL);

  if (user != NULL)
    self->funcs.server (user, self, link);
}

void
via_signaling_news (
    ViaSignaling *self, const gchar *state, guint status, const gchar *text)
{
  g_autoptr (GObject) user = user_of (self, NULL);

  if (user != NULL)
    self->funcs.news (user, self, state, status, text);
}

void
via_signaling_dead (ViaSignaling *self, const gchar *why)
{
  g_autoptr (GObject) user = user_of (self, NULL);

  if (user != NULL)
    self->funcs.dead (user, self, why);
}

ViaTime
via_signaling_wait (guint tries)
{
  ViaTime wait = MIN (FIRST_WAIT << MIN (tries, 10), VIA_DIAL_MAX);

  return wait * 3 / 4 + via_rng_u32 (via_system_rng ()) % (wait / 2);
}

void
via_signaling_retry (
    ViaSignaling *self, guint status, const gchar *why, ViaTime wait)
{
  g_autofree gchar *text =
      g_strdup_printf ("%s; again in %.1f s", why, wait / (gdouble) VIA_S);

  via_signaling_news (self, "retrying", status, text);
}

guint64
via_signaling_session_of (const gchar *sdp)
{
  const gchar *origin = strstr (sdp, "\no=");
  const gchar *number = origin != NULL ? strchr (origin, ' ') : NULL;

  return number != NULL ? g_ascii_strtoull (number + 1, NULL, 10) : 0;
}

void
via_signaling_wake (ViaSignaling *self)
{
  ViaTime when =
      self->way != NULL ? self->kind->deadline (self->way) : VIA_TIME_NEVER;

  g_source_set_ready_time (self->alarm, when == VIA_TIME_NEVER ? -1 : when);
}

void
via_signaling_finish (ViaSignaling *self)
{
  self->is_over = TRUE;
}

static gboolean
on_alarm (gpointer data)
{
  ViaSignaling *self = data;

  if (self->way != NULL)
    self->kind->expire (self->way, g_get_monotonic_time ());
  via_signaling_wake (self);
  return G_SOURCE_CONTINUE;
}

/* --- what the call says --- */

typedef struct
{
  ViaSignaling *self;
  enum
  {
    NOTE_CANDIDATE,
    NOTE_STATE,
    NOTE_NEEDED,
  } type;
  gchar *candidate;
  guint mline;
  ViaConnectionState state;
  gboolean is_restart;
} Note;

static void
note_free (gpointer data)
{
  Note *note = data;

  via_signaling_unref (note->self);
  g_free (note->candidate);
  g_free (note);
}

static gboolean
run_note (gpointer data)
{
  Note *note = data;
  ViaSignaling *self = note->self;
  ViaTime now = g_get_monotonic_time ();

  if (self->way == NULL)
    return G_SOURCE_REMOVE;
  if (note->type == NOTE_STATE)
    self->kind->state (self->way, note->state, now);
  else if (note->type == NOTE_CANDIDATE)
    self->kind->candidate (self->way, note->mline, note->candidate, now);
  else if (self->kind->needed != NULL)
    self->kind->needed (self->way, note->is_restart, now);
  via_signaling_wake (self);
  return G_SOURCE_REMOVE;
}

static void
post_note (ViaSignaling *self, Note note)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Note *own = g_memdup2 (&note, sizeof note);

  own->self = via_signaling_ref (self);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_note, own, note_free);
  g_source_attach (source, self->context);
}

void
via_signaling_candidate (
    ViaSignaling *self, guint mline, const gchar *candidate)
{
  post_note (self, (Note){.type = NOTE_CANDIDATE,
                       .mline = mline,
                       .candidate = g_strdup (candidate)});
}

void
via_signaling_state (ViaSignaling *self, ViaConnectionState state)
{
  post_note (self, (Note){.type = NOTE_STATE, .state = state});
}

void
via_signaling_needed (ViaSignaling *self, gboolean is_restart)
{
  post_note (self, (Note){.type = NOTE_NEEDED, .is_restart = is_restart});
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
  gboolean is_stopping = FALSE;

  via_signaling_wake (self);
  while (!self->is_over) {
    g_main_context_iteration (self->context, TRUE);
    if (is_stopping || !g_atomic_int_get (&self->is_stopped))
      continue;
    is_stopping = TRUE;
    self->kind->stop (self->way, g_get_monotonic_time ());
    via_signaling_wake (self);
  }
  self->kind->close (g_steal_pointer (&self->way));
}

/* It never will call: says so, and waits to be let go. */
static void
run_failure (ViaSignaling *self, const GError *error)
{
  via_signaling_dead (self, error->message);
  while (!g_atomic_int_get (&self->is_stopped))
    g_main_context_iteration (self->context, TRUE);
}

static gpointer
thread_main (gpointer data)
{
  static GSourceFuncs alarm_funcs = {.dispatch = dispatch_alarm};
  ViaSignaling *self = data;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);
  self->alarm = g_source_new (&alarm_funcs, sizeof (GSource));
  g_source_set_callback (self->alarm, on_alarm, self, NULL);
  g_source_attach (self->alarm, self->context);
  self->way = self->kind->open (self, &self->config, &error);
  if (self->way != NULL)
    run_call (self);
  else
    run_failure (self, error);
  g_source_destroy (self->alarm);
  g_source_unref (self->alarm);
  g_main_context_pop_thread_default (self->context);
  count_goodbye (-1);
  via_signaling_unref (self);
  return NULL;
}

/* A room's address: as http:, with a host. */
static gboolean
is_room (const gchar *uri)
{
  g_autoptr (GUri) parsed =
      g_uri_parse (uri, G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED, NULL);
  const gchar *host = parsed != NULL ? g_uri_get_host (parsed) : NULL;

  return host != NULL && *host != '\0'
         && (!g_ascii_strcasecmp (g_uri_get_scheme (parsed), "ws")
             || !g_ascii_strcasecmp (g_uri_get_scheme (parsed), "wss"));
}

gboolean
via_signaling_check (const gchar *uri, ViaSignalingWay *out_way, GError **error)
{
  g_autofree gchar *host = NULL;
  g_autofree gchar *path = g_filename_from_uri (uri, &host, NULL);
  g_autofree gchar *url = NULL;
  gboolean is_play;

  if (path != NULL && host == NULL)
    *out_way = VIA_SIGNALING_FILES;
  else if (!g_ascii_strcasecmp (uri, "stdio:"))
    *out_way = VIA_SIGNALING_STDIO;
  else if (is_room (uri))
    *out_way = VIA_SIGNALING_ROOM;
  else if ((url = via_dial_url_of (uri, &is_play, NULL)) != NULL)
    *out_way = VIA_SIGNALING_DIAL;
  else {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SETTING,
        "it is whip://, whips://, whep://, wheps://, ws:// or wss:// with a "
        "host, file:/// with the path of a folder, or stdio:");
    return FALSE;
  }
  return TRUE;
}

ViaSignaling *
via_signaling_new (const ViaSignalingConfig *config,
    const ViaSignalingFuncs *funcs, GObject *user)
{
  static const ViaSignalingKind *const kinds[] = {&via_signaling_dial,
      &via_signaling_room, &via_signaling_stdio, &via_signaling_files};
  ViaSignaling *self = g_new0 (ViaSignaling, 1);
  ViaSignalingWay way = VIA_SIGNALING_DIAL;

  via_signaling_check (config->uri, &way, NULL);
  g_atomic_ref_count_init (&self->refs);
  self->config = *config;
  self->config.uri = g_strdup (config->uri);
  self->config.token = g_strdup (config->token);
  self->config.tls_ca = g_strdup (config->tls_ca);
  self->config.name = g_strdup (config->name);
  self->config.app_data = g_strdup (config->app_data);
  self->funcs = *funcs;
  self->kind = kinds[way];
  g_weak_ref_init (&self->user, user);
  self->context = g_main_context_new ();
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
