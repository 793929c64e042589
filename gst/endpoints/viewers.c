/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/viewers.c – the viewers of one webrtcserver: a webrtcendpoint child
 * per HTTP session, from offer to goodbye.
 * The table belongs to via-app: HTTP, timers and signals only post there. The
 * HTTP thread never waits for an endpoint.
 */
#include "endpoints/viewers.h"

#include <string.h>

#include "endpoints/webrtcendpoint-private.h"
#include "io/app.h"

struct _ViaViewers
{
  gatomicrefcount refs;
  gint is_stopped; /* atomic: what is still posted does nothing */
  /* immutable */
  GstBin *bin;
  ViaExchange *exchange;
  ViaIdentity *identity;
  void (*configure) (gpointer user, GstElement *child);
  gpointer user;
  ViaHttpServer *http; /* until stopped */
  /* via-app */
  GHashTable *viewers; /* gchar* id → Viewer* */
  guint n_seen;
};

/* via-app. */
typedef struct
{
  ViaViewers *owner;
  gchar *id;
  ViaWebrtcEndpoint *element;
  gboolean has_candidate, is_answered, is_connected;
  guint absences; /* how often it was disconnected; tells timers apart */
} Viewer;

/* --- a call, carried to via-app --- */

typedef struct _Task Task;
struct _Task
{
  ViaViewers *self;
  void (*run) (Task *task);
  gchar *id;
  gchar *text; /* offer or candidate */
  gchar *app_data;
  guint number; /* m-line, or absence */
};

static void
viewers_unref (ViaViewers *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->viewers);
  via_exchange_unref (self->exchange);
  via_identity_unref (self->identity);
  gst_object_unref (self->bin);
  g_free (self);
}

static Task *
task_new (ViaViewers *self, const gchar *id, void (*run) (Task *task))
{
  Task *task = g_new0 (Task, 1);

  g_atomic_ref_count_inc (&self->refs);
  task->self = self;
  task->run = run;
  task->id = g_strdup (id);
  return task;
}

static void
task_free (gpointer data)
{
  Task *task = data;

  viewers_unref (task->self);
  g_free (task->id);
  g_free (task->text);
  g_free (task->app_data);
  g_free (task);
}

static void
task_run (gpointer data)
{
  Task *task = data;

  if (!g_atomic_int_get (&task->self->is_stopped))
    task->run (task);
}

static void
task_post (Task *task)
{
  via_app_post (task_run, task, task_free);
}

static gboolean
on_timer (gpointer data)
{
  Task *task = data;
  Task *posted = task_new (task->self, task->id, task->run);

  posted->number = task->number;
  task_post (posted);
  return G_SOURCE_REMOVE;
}

static void
task_post_later (Task *task, guint ms)
{
  via_http_server_after (task->self->http, ms, on_timer, task, task_free);
}

/* --- viewers; via-app --- */

static Viewer *
find (Task *task)
{
  return g_hash_table_lookup (task->self->viewers, task->id);
}

/* From the bin and to NULL: says goodbye and waits for the loop. */
static void
drop_element (ViaViewers *self, ViaWebrtcEndpoint *element)
{
  GstElement *child = GST_ELEMENT (element);

  gst_element_set_locked_state (child, TRUE);
  gst_element_set_state (child, GST_STATE_NULL);
  if (GST_OBJECT_PARENT (child) == GST_OBJECT (self->bin))
    gst_bin_remove (self->bin, child);
}

static void
viewer_free (gpointer data)
{
  Viewer *viewer = data;

  g_signal_handlers_disconnect_by_data (viewer->element, viewer);
  drop_element (viewer->owner, viewer->element);
  gst_object_unref (viewer->element);
  g_free (viewer->id);
  g_free (viewer);
}

static void
run_remove (Task *task)
{
  if (find (task) == NULL)
    return;
  via_http_server_end (task->self->http, task->id);
  g_hash_table_remove (task->self->viewers, task->id);
}

static void
run_reap (Task *task)
{
  Viewer *viewer = find (task);

  if (viewer != NULL && !viewer->is_connected)
    run_remove (task);
}

static void
run_reap_vanished (Task *task)
{
  Viewer *viewer = find (task);

  if (viewer != NULL && !viewer->is_connected
      && viewer->absences == task->number)
    run_remove (task);
}

/* The answer with every candidate there is by now. */
static void
answer (Viewer *viewer)
{
  g_autofree gchar *sdp = NULL;

  if (viewer->is_answered)
    return;
  viewer->is_answered = TRUE;
  g_object_get (viewer->element, "local-description", &sdp, NULL);
  via_http_server_answer (viewer->owner->http, viewer->id, sdp, NULL);
  task_post_later (
      task_new (viewer->owner, viewer->id, run_reap), VIA_VIEWERS_CONNECT_MS);
}

static void
run_answer (Task *task)
{
  Viewer *viewer = find (task);

  if (viewer != NULL)
    answer (viewer);
}

/* --- what an endpoint says; via-app --- */

static void
on_candidate (
    GstElement *element, guint mline, const gchar *candidate, gpointer data)
{
  Viewer *viewer = data;

  if (g_atomic_int_get (&viewer->owner->is_stopped) || viewer->has_candidate)
    return;
  viewer->has_candidate = TRUE;
  task_post_later (
      task_new (viewer->owner, viewer->id, run_answer), VIA_VIEWERS_GATHER_MS);
}

static void
on_gathering_done (GstElement *element, gpointer data)
{
  Viewer *viewer = data;

  if (!g_atomic_int_get (&viewer->owner->is_stopped))
    answer (viewer);
}

static void
on_state (GstElement *element, gint state, gpointer data)
{
  Viewer *viewer = data;
  ViaViewers *self = viewer->owner;
  Task *task;

  if (g_atomic_int_get (&self->is_stopped))
    return;
  viewer->is_connected = state == VIA_CONNECTION_CONNECTED;
  if (viewer->is_connected) {
    via_http_server_connected (self->http, viewer->id);
  } else if (state == VIA_CONNECTION_DISCONNECTED) {
    task = task_new (self, viewer->id, run_reap_vanished);
    task->number = ++viewer->absences;
    task_post_later (task, VIA_VIEWERS_VANISHED_MS);
  } else if (state == VIA_CONNECTION_FAILED || state == VIA_CONNECTION_CLOSED) {
    task_post (task_new (self, viewer->id, run_remove)); /* not from within */
  }
}

/* --- what HTTP says --- */

static Viewer *
viewer_new (Task *task)
{
  ViaViewers *self = task->self;
  g_autofree gchar *name = g_strdup_printf ("peer-%u", self->n_seen++);
  Viewer *viewer = g_new0 (Viewer, 1);
  ViaWebrtcShared shared = {.exchange = self->exchange,
      .identity = self->identity,
      .direction = VIA_DIRECTION_SENDONLY}; /* WHEP: it only watches */

  viewer->owner = self;
  viewer->id = g_strdup (task->id);
  viewer->element = g_object_new (
      VIA_TYPE_WEBRTC_ENDPOINT, "name", name, "app-data", task->app_data, NULL);
  gst_object_ref_sink (viewer->element);
  via_webrtc_endpoint_set_shared (viewer->element, &shared);
  self->configure (self->user, GST_ELEMENT (viewer->element));
  g_signal_connect (
      viewer->element, "on-ice-candidate", G_CALLBACK (on_candidate), viewer);
  g_signal_connect (viewer->element, "on-ice-gathering-done",
      G_CALLBACK (on_gathering_done), viewer);
  g_signal_connect (viewer->element, "connection-state-changed",
      G_CALLBACK (on_state), viewer);
  return viewer;
}

static gboolean
viewer_start (Viewer *viewer, const gchar *offer, GError **error)
{
  GstElement *child = GST_ELEMENT (viewer->element);
  g_autofree gchar *first = NULL;

  if (!gst_bin_add (viewer->owner->bin, child)
      || !gst_element_sync_state_with_parent (child)) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        "The server cannot take a viewer now");
    return FALSE;
  }
  first = via_webrtc_endpoint_process_offer (viewer->element, offer, error);
  return first != NULL && via_webrtc_endpoint_gather (viewer->element, error);
}

static void
run_offer (Task *task)
{
  ViaViewers *self = task->self;
  Viewer *viewer = viewer_new (task);
  g_autoptr (GError) error = NULL;
  gboolean is_started = viewer_start (viewer, task->text, &error);

  if (g_atomic_int_get (&self->is_stopped)) { /* by a handler of child-added */
    viewer_free (viewer);
    return;
  }
  if (!is_started) {
    viewer_free (viewer);
    if (!g_atomic_int_get (&self->is_stopped))
      via_http_server_answer (self->http, task->id, NULL, error);
    return;
  }
  g_hash_table_insert (self->viewers, viewer->id, viewer);
  task_post_later (
      task_new (self, viewer->id, run_answer), VIA_VIEWERS_ANSWER_MS);
}

static void
on_offer (
    gpointer user, const gchar *id, const gchar *offer, const gchar *app_data)
{
  Task *task = task_new (user, id, run_offer);

  task->text = g_strdup (offer);
  task->app_data = g_strdup (app_data);
  task_post (task);
}

/* One we cannot use is dropped without a word. */
static void
run_candidate (Task *task)
{
  Viewer *viewer = find (task);

  if (viewer != NULL)
    via_webrtc_endpoint_add_candidate (
        viewer->element, task->number, task->text, NULL);
}

static void
on_http_candidate (
    gpointer user, const gchar *id, guint mline, const gchar *candidate)
{
  Task *task = task_new (user, id, run_candidate);

  task->number = mline;
  task->text = g_strdup (candidate);
  task_post (task);
}

static void
on_bye (gpointer user, const gchar *id)
{
  task_post (task_new (user, id, run_remove));
}

/* --- life --- */

ViaViewers *
via_viewers_start (const ViaViewersConfig *config, GError **error)
{
  static const ViaWhepFuncs funcs = {on_offer, on_http_candidate, on_bye};
  ViaViewers *self = g_new0 (ViaViewers, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bin = gst_object_ref (config->bin);
  self->exchange = via_exchange_ref (config->exchange);
  self->identity = via_identity_ref (config->identity);
  self->configure = config->configure;
  self->user = config->user;
  self->viewers =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, viewer_free);
  self->http = via_http_server_new (&config->http, &funcs, self, error);
  if (self->http == NULL) {
    viewers_unref (self);
    return NULL;
  }
  via_http_server_start (self->http);
  return self;
}

void
via_viewers_stop (ViaViewers *self)
{
  if (self == NULL)
    return;
  g_atomic_int_set (&self->is_stopped, 1);
  via_app_flush (); /* what runs now may still use http */
  via_http_server_stop (self->http);
  self->http = NULL;
  g_hash_table_remove_all (self->viewers); /* nobody else looks any more */
  viewers_unref (self);
}

const ViaHttpServer *
via_viewers_http (const ViaViewers *self)
{
  return self->http;
}
