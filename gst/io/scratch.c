/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/scratch.c – a store of datagram buffers per loop.
 * Loop thread only.
 */
#include "io/scratch.h"

#include "peer/peer.h"

#define KEPT 512 /* buffers a loop keeps between turns: 800 KiB */

typedef struct
{
  guint n_users;
  GPtrArray *spare; /* (owned) */
} Store;

/* One per loop, touched only on its thread. */
static Store stores[VIA_LOOPS_MAX];

static Store *
store_of (ViaLoop *loop)
{
  via_loop_assert (loop);
  return &stores[via_loop_index (loop)];
}

void
via_scratch_acquire (ViaLoop *loop)
{
  Store *store = store_of (loop);

  if (store->n_users++ == 0)
    store->spare = g_ptr_array_new_with_free_func (g_free);
}

void
via_scratch_release (ViaLoop *loop)
{
  Store *store = store_of (loop);

  g_assert (store->n_users > 0);
  if (--store->n_users == 0)
    g_clear_pointer (&store->spare, g_ptr_array_unref);
}

guint8 *
via_scratch_take (ViaLoop *loop)
{
  Store *store = store_of (loop);

  if (store->spare->len == 0)
    return g_malloc (VIA_PEER_DATAGRAM);
  /* the last one given back is still in the cache */
  return g_ptr_array_steal_index (store->spare, store->spare->len - 1);
}

void
via_scratch_give (ViaLoop *loop, guint8 *buffer)
{
  Store *store = store_of (loop);

  if (store->spare->len < KEPT)
    g_ptr_array_add (store->spare, buffer);
  else
    g_free (buffer);
}
