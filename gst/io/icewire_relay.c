/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_relay.c – when and how libnice is told of TURN servers.
 * libnice (0.1.21) hands what comes to its servers in line until one knows it.
 * Its binding requests have no magic cookie, nor have their answers, and a TURN
 * server in line refuses those: with one before it, a STUN server gives
 * nothing. So STUN stands first. RFC 8489 §5
 */
#include "io/icewire_state.h"

#include <gst/gst.h>
#include <nice/debug.h>

GST_DEBUG_CATEGORY_EXTERN (via_ice_debug);
#define GST_CAT_DEFAULT via_ice_debug

gboolean
via_icewire_relays_wait (const ViaIceWire *self)
{
  return self->servers[VIA_ICE_STUN_SLOT] != NULL && self->servers[0] != NULL;
}

/* libnice's own verbose log would show the password here, and its STUN log the
 * key with each message: that one stays off in a process that relays. */
static gboolean
add_relay (ViaIceWire *self, const ViaIceServer *turn)
{
  static GMutex lock; /* libnice's switch is the process's */
  gboolean was_on = via_icewire_libnice_logs (), is_ok;

  g_mutex_lock (&lock);
  nice_debug_disable (TRUE);
  is_ok = nice_agent_set_relay_info (self->agent, self->stream,
      VIA_ICE_COMPONENT, turn->host, turn->port, turn->user, turn->password,
      turn->transport == VIA_TURN_UDP ? NICE_RELAY_TYPE_TURN_UDP
                                      : NICE_RELAY_TYPE_TURN_TCP);
  if (was_on)
    nice_debug_enable (FALSE);
  g_mutex_unlock (&lock);
  return is_ok;
}

gboolean
via_icewire_add_relays (ViaIceWire *self)
{
  for (guint i = 0; i < VIA_ICE_MAX_TURN && self->servers[i] != NULL; i++)
    if (!add_relay (self, self->servers[i]))
      return FALSE;
  return TRUE;
}

static gboolean
on_stun_is_in_line (gpointer data)
{
  ViaIceWire *self = data;

  g_clear_pointer (&self->relays_later, g_source_unref);
  if (!self->is_closed && !via_icewire_add_relays (self))
    GST_WARNING ("wire %s: libnice takes no TURN server", self->ufrag);
  return G_SOURCE_REMOVE;
}

/* libnice has STUN's address, though it is one already, from a resolver in two
 * turns of the context: a source of low priority comes after them. */
void
via_icewire_add_relays_later (ViaIceWire *self)
{
  self->relays_later = g_idle_source_new ();
  g_source_set_priority (self->relays_later, G_PRIORITY_LOW);
  g_source_set_callback (self->relays_later, on_stun_is_in_line, self, NULL);
  g_source_attach (
      self->relays_later, via_gcontext_main_context (self->context));
}

void
via_icewire_no_relays_later (ViaIceWire *self)
{
  if (self->relays_later == NULL)
    return;
  g_source_destroy (self->relays_later);
  g_clear_pointer (&self->relays_later, g_source_unref);
}
