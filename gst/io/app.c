/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/app.c – one thread that runs what the application may block.
 * Knows nothing of elements; it ends when nobody holds it and nothing waits.
 */
#include "io/app.h"

typedef struct
{
  ViaLoopFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Job;

static struct
{
  GMutex lock; /* guards all below; never held while a job runs */
  GCond work;  /* a job, or no holder left */
  GCond ended; /* the thread is over, or wanted again */
  GQueue jobs;
  guint n_holders;
  guint n_waiting; /* releases that wait for the end, to join the thread */
  gboolean is_running;
  GThread *thread; /* also after it ended, until joined */
} app;

#define RELEASE_WAIT G_TIME_SPAN_SECOND

static __thread gboolean is_app_thread;

static gpointer
app_thread (gpointer unused)
{
  is_app_thread = TRUE;
  g_mutex_lock (&app.lock);
  for (;;) {
    Job *job = g_queue_pop_head (&app.jobs);

    if (job) {
      g_mutex_unlock (&app.lock);
      job->func (job->data);
      if (job->destroy)
        job->destroy (job->data);
      g_free (job);
      g_mutex_lock (&app.lock);
    } else if (app.n_holders == 0) {
      break;
    } else {
      g_cond_wait (&app.work, &app.lock);
    }
  }
  app.is_running = FALSE;
  if (app.n_waiting == 0) /* the last to leave was in a job of ours */
    g_thread_unref (g_steal_pointer (&app.thread));
  g_cond_broadcast (&app.ended);
  g_mutex_unlock (&app.lock);
  return NULL;
}

/* Takes the ended thread out. Call with app.lock held. */
static GThread *
steal_ended_locked (void)
{
  return app.is_running ? NULL : g_steal_pointer (&app.thread);
}

void
via_app_acquire (void)
{
  GThread *old = NULL;

  g_mutex_lock (&app.lock);
  if (app.n_holders++ == 0) {
    old = steal_ended_locked ();
    if (!app.is_running) {
      app.is_running = TRUE;
      app.thread = g_thread_new ("via-app", app_thread, NULL);
    }
    g_cond_broadcast (&app.ended); /* whoever waits for the end: not now */
  }
  g_mutex_unlock (&app.lock);
  if (old)
    g_thread_join (old);
}

void
via_app_release (void)
{
  GThread *old = NULL;

  g_mutex_lock (&app.lock);
  g_assert (app.n_holders > 0);
  if (--app.n_holders == 0) {
    g_cond_broadcast (&app.work);
    if (!is_app_thread) {
      /* Not for ever: a handler may itself wait for who releases here. The
       * thread then ends by itself and nobody joins it. */
      gint64 patience = g_get_monotonic_time () + RELEASE_WAIT;

      app.n_waiting++;
      while (app.is_running && app.n_holders == 0)
        if (!g_cond_wait_until (&app.ended, &app.lock, patience))
          break;
      app.n_waiting--;
      old = steal_ended_locked ();
    }
  }
  g_mutex_unlock (&app.lock);
  if (old)
    g_thread_join (old);
}

static gboolean
push (ViaLoopFunc func, gpointer data, GDestroyNotify destroy)
{
  Job *job = g_new (Job, 1);
  gboolean is_running;

  *job = (Job){func, data, destroy};
  g_mutex_lock (&app.lock);
  is_running = app.is_running;
  if (is_running) {
    g_queue_push_tail (&app.jobs, job);
    g_cond_broadcast (&app.work);
  }
  g_mutex_unlock (&app.lock);
  if (!is_running)
    g_free (job);
  return is_running;
}

void
via_app_post (ViaLoopFunc func, gpointer data, GDestroyNotify destroy)
{
  g_return_if_fail (func != NULL);

  if (push (func, data, destroy))
    return;
  g_critical ("a post to via-app, which nobody holds");
  if (destroy)
    destroy (data);
}

gboolean
via_app_is_current (void)
{
  return is_app_thread;
}

typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean is_done; /* under lock */
} Flush;

static void
run_flush (gpointer data)
{
  Flush *flush = data;

  g_mutex_lock (&flush->lock);
  flush->is_done = TRUE;
  g_cond_signal (&flush->cond);
  g_mutex_unlock (&flush->lock);
}

void
via_app_flush (void)
{
  Flush flush = {.is_done = FALSE};
  gboolean is_pushed;

  if (is_app_thread)
    return;
  g_assert (via_loop_current () == NULL); /* loops never wait for via-app */
  g_mutex_init (&flush.lock);
  g_cond_init (&flush.cond);
  is_pushed = push (run_flush, &flush, NULL);
  g_mutex_lock (&flush.lock);
  while (is_pushed && !flush.is_done)
    g_cond_wait (&flush.cond, &flush.lock);
  g_mutex_unlock (&flush.lock);
  g_cond_clear (&flush.cond);
  g_mutex_clear (&flush.lock);
}
