/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/loop_pool.c – the process's loops: how many, who holds them, their end.
 * Each first acquire makes a new pool, so an ending one is never in the way.
 */
#include "io/loop.h"
#include "io/loop_priv.h"

typedef struct
{
  guint n_loops;
  guint n_holders;
  struct
  {
    ViaLoop *loop;
    guint n_holders;
  } entries[VIA_LOOPS_MAX];
} Pool;

static GMutex pool_lock; /* guards the pool and its counts */
static Pool *the_pool;

static void
pool_end (Pool *pool)
{
  for (guint i = 0; i < pool->n_loops; i++)
    via_loop_quit (pool->entries[i].loop);
  for (guint i = 0; i < pool->n_loops; i++)
    via_loop_join (pool->entries[i].loop);
  g_free (pool);
}

static gpointer
reaper_thread (gpointer data)
{
  pool_end (data);
  return NULL;
}

static Pool *
pool_new (void)
{
  Pool *pool = g_new0 (Pool, 1);
  guint n = CLAMP (g_get_num_processors (), 1, VIA_LOOPS_MAX);

  while (pool->n_loops < n) {
    ViaLoop *loop = via_loop_new (pool->n_loops, pool);

    if (!loop)
      break;
    pool->entries[pool->n_loops++].loop = loop;
  }
  if (pool->n_loops == 0)
    g_clear_pointer (&pool, g_free);
  return pool;
}

ViaLoop *
via_loop_acquire (void)
{
  ViaLoop *loop = NULL;

  g_mutex_lock (&pool_lock);
  if (!the_pool)
    the_pool = pool_new ();
  if (the_pool) {
    guint best = 0;

    for (guint i = 1; i < the_pool->n_loops; i++)
      if (the_pool->entries[i].n_holders < the_pool->entries[best].n_holders)
        best = i;
    the_pool->n_holders++;
    the_pool->entries[best].n_holders++;
    loop = the_pool->entries[best].loop;
  }
  g_mutex_unlock (&pool_lock);
  return loop;
}

void
via_loop_release (ViaLoop *self)
{
  Pool *pool, *last = NULL;
  guint index;

  g_return_if_fail (self != NULL);

  pool = via_loop_pool (self);
  index = via_loop_index (self);
  g_mutex_lock (&pool_lock);
  g_assert (pool->entries[index].n_holders > 0);
  pool->entries[index].n_holders--;
  if (--pool->n_holders == 0) {
    last = pool;
    the_pool = NULL;
  }
  g_mutex_unlock (&pool_lock);

  if (!last)
    return;
  if (via_loop_current ()) /* a thread cannot join itself */
    g_thread_unref (g_thread_new ("via-reaper", reaper_thread, last));
  else
    pool_end (last);
}

guint
via_loop_count (void)
{
  guint n;

  g_mutex_lock (&pool_lock);
  n = the_pool ? the_pool->n_loops : 0;
  g_mutex_unlock (&pool_lock);
  return n;
}
