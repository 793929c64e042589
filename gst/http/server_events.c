/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/server_events.c – the events of a server's players: looks once a second,
 * while somebody listens. The server's thread. draft-ietf-wish-whep §5.1
 */
#include "http/server-private.h"

#define TICK_MS 1000
#define KEEP_ALIVE_TICKS 15 /* proxies close what is silent for a minute */

/* One whose player said goodbye is over. */
static void
look (ViaHttpServer *self, const gchar *id)
{
  g_autofree gchar *endpoint = via_wish_endpoint (self->wish, id);

  if (endpoint == NULL)
    via_events_end (self->events, id, NULL);
  else if (self->look != NULL)
    self->look (self->user, id);
}

static gboolean
on_tick (gpointer data)
{
  ViaHttpServer *self = data;
  g_autoptr (GPtrArray) ids = NULL;

  if (self->events == NULL)
    return G_SOURCE_REMOVE; /* it stops */
  ids = via_events_sessions (self->events);
  for (guint i = 0; i < ids->len; i++)
    look (self, g_ptr_array_index (ids, i));
  if (self->n_ticks % KEEP_ALIVE_TICKS == 0)
    via_events_keep_alive (self->events);
  self->n_ticks = ids->len > 0 ? self->n_ticks + 1 : 0;
  if (self->n_ticks > 0)
    via_http_post (self, TICK_MS, on_tick, self, NULL);
  return G_SOURCE_REMOVE;
}

void
via_server_events_take (
    ViaHttpServer *self, SoupServerMessage *message, const gchar *id)
{
  ViaRequest request;
  guint number;

  via_http_read_request (self, message, &request);
  number = via_wish_stream_number (request.path);
  via_events_take (self->events, message, id, number,
      via_wish_stream_names (self->wish, id, number), request.origin);
  if (self->n_ticks++ == 0)
    via_http_post (self, 0, on_tick, self, NULL);
}

void
via_server_events_drop (
    ViaHttpServer *self, const gchar *id, const ViaRequest *request)
{
  via_events_drop (self->events, id, via_wish_stream_number (request->path));
}

void
via_server_events_end (ViaHttpServer *self, const gchar *id)
{
  g_autofree gchar *endpoint = via_wish_endpoint (self->wish, id);

  if (self->events != NULL && endpoint != NULL)
    via_events_end (self->events, id, endpoint);
}

typedef struct
{
  ViaHttpServer *self;
  gchar *id;
  gboolean is_active;
  gchar *layers;
} Flow;

static void
flow_free (gpointer data)
{
  g_free (((Flow *) data)->id);
  g_free (((Flow *) data)->layers);
  g_free (data);
}

static gboolean
run_flow (gpointer data)
{
  Flow *flow = data;
  ViaHttpServer *self = flow->self;

  if (self->events != NULL)
    via_events_tell (self->events, flow->id, flow->is_active,
        via_wish_viewers (self->wish, flow->id), flow->layers);
  return G_SOURCE_REMOVE;
}

void
via_http_server_flow (ViaHttpServer *self, const gchar *id, gboolean is_active,
    const gchar *layers)
{
  Flow *flow = g_new0 (Flow, 1);

  flow->self = self;
  flow->id = g_strdup (id);
  flow->is_active = is_active;
  flow->layers = g_strdup (layers);
  via_http_post (self, 0, run_flow, flow, flow_free);
}
