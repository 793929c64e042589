/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_ask.c – which server gave which candidate, and, once gathering has
 * ended, why another one gave none: libnice does not say, so it is asked.
 * RFC 8445 §5.1.1
 */
#include "io/icewire_state.h"

#include <string.h>

#include "io/serverask.h"
#include "io/sockaddr.h"

typedef struct
{
  ViaIceWire *wire;
  ViaServerAsk *ask;
  gchar *name;
} Asking;

static void
asking_free (gpointer data)
{
  Asking *asking = data;

  via_serverask_free (asking->ask);
  g_free (asking->name);
  g_free (asking);
}

void
via_icewire_keep_servers (ViaIceWire *self, const ViaIceConfig *config)
{
  for (guint i = 0; config->turn && config->turn[i]; i++)
    self->servers[i] = via_ice_server_copy (config->turn[i]);
  if (config->stun && !config->relay_only)
    self->servers[VIA_ICE_STUN_SLOT] = via_ice_server_copy (config->stun);
  self->asked = g_ptr_array_new_with_free_func (asking_free);
}

void
via_icewire_stop_asking (ViaIceWire *self)
{
  if (self->asked != NULL)
    g_ptr_array_set_size (self->asked, 0);
}

void
via_icewire_forget_servers (ViaIceWire *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->servers); i++)
    via_ice_server_free (self->servers[i]);
  g_clear_pointer (&self->asked, g_ptr_array_unref);
}

/* Its slot; -1: it came from no server we know of. libnice hands out copies
 * that have lost their server, but the priority has it: bits 6 to 8 of the
 * local preference are the TURN server's place in the list. */
static gint
slot_of (const ViaIceWire *self, const NiceCandidate *candidate)
{
  guint slot = candidate->priority >> (8 + 6) & 7;

  if (candidate->type == NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE)
    return VIA_ICE_STUN_SLOT;
  if (candidate->type != NICE_CANDIDATE_TYPE_RELAYED
      || self->servers[slot] == NULL)
    return -1;
  return (gint) slot;
}

void
via_icewire_note_server (ViaIceWire *self, const NiceCandidate *candidate)
{
  gint slot = slot_of (self, candidate);

  if (slot >= 0)
    self->has_served[slot] = TRUE;
}

gchar *
via_icewire_server_name (const ViaIceWire *self, const NiceCandidate *candidate)
{
  gint slot = slot_of (self, candidate);

  return slot >= 0 && self->servers[slot] != NULL
             ? via_ice_server_name (self->servers[slot])
             : NULL;
}

static void
on_answer (gpointer user, guint code, const gchar *text)
{
  Asking *asking = user;
  ViaIceWire *self = asking->wire;
  g_autofree gchar *name = g_steal_pointer (&asking->name);

  g_ptr_array_remove_fast (self->asked, asking);
  if (text != NULL && self->funcs.server_failed)
    self->funcs.server_failed (self->user, name, code, text);
}

static void
ask (ViaIceWire *self, const ViaIceServer *server)
{
  Asking *asking = g_new0 (Asking, 1);
  ViaServerAskConfig config = {
      .server = server, .min_port = self->min_port, .max_port = self->max_port};
  gboolean is_v6 = strchr (server->host, ':') != NULL;

  if (self->has_from[is_v6])
    config.from = &self->from[is_v6];
  asking->wire = self;
  asking->name = via_ice_server_name (server);
  asking->ask = via_serverask_new (self->loop, &config, on_answer, asking);
  g_ptr_array_add (self->asked, asking);
}

/* "192.0.2.1" or "turn.example.com". (transfer full) */
static gchar *
host_of (const ViaIceServer *server)
{
  gchar *name = via_ice_server_name (server);

  *strrchr (name, ':') = '\0';
  return name;
}

/* One that gave something, or whose candidate libnice drops as redundant since
 * another port or transport of its host was faster. */
static gboolean
is_covered (const ViaIceWire *self, guint slot)
{
  g_autofree gchar *host = host_of (self->servers[slot]);
  gboolean is_found = self->has_served[slot];

  for (guint i = 0; i < VIA_ICE_MAX_TURN && slot != VIA_ICE_STUN_SLOT; i++) {
    g_autofree gchar *other =
        self->has_served[i] ? host_of (self->servers[i]) : NULL;

    is_found |= g_strcmp0 (host, other) == 0;
  }
  return is_found;
}

void
via_icewire_ask_servers (ViaIceWire *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->servers); i++)
    if (self->servers[i] != NULL && !is_covered (self, i))
      ask (self, self->servers[i]);
}
