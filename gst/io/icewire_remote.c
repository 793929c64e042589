/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_remote.c – the other side of a wire: its credentials and its
 * candidates, and when it begins anew with the same.
 * RFC 8445 §9 · RFC 8838 (trickle) · RFC 8839 §4.4.1.1.1
 */
#include "io/icewire_state.h"

#include <gst/gst.h>

#include "ice/candidate.h"

GST_DEBUG_CATEGORY_EXTERN (via_ice_debug);
#define GST_CAT_DEFAULT via_ice_debug

#define MAX_REMOTE 64 /* candidates; each one is paired with all of ours */

static gboolean
add_parsed (ViaIceWire *self, const ViaCandidate *parsed)
{
  static const NiceCandidateType types[] = {
      [VIA_CANDIDATE_HOST] = NICE_CANDIDATE_TYPE_HOST,
      [VIA_CANDIDATE_SRFLX] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
      [VIA_CANDIDATE_PRFLX] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
      [VIA_CANDIDATE_RELAY] = NICE_CANDIDATE_TYPE_RELAYED,
  };
  static const NiceCandidateTransport transports[] = {
      [VIA_TRANSPORT_UDP] = NICE_CANDIDATE_TRANSPORT_UDP,
      [VIA_TRANSPORT_TCP_ACTIVE] = NICE_CANDIDATE_TRANSPORT_TCP_ACTIVE,
      [VIA_TRANSPORT_TCP_PASSIVE] = NICE_CANDIDATE_TRANSPORT_TCP_PASSIVE,
      [VIA_TRANSPORT_TCP_SO] = NICE_CANDIDATE_TRANSPORT_TCP_SO,
  };
  NiceAddress address;
  NiceCandidate *candidate;
  GSList list = {NULL, NULL};
  gint n;

  nice_address_init (&address);
  if (parsed->component != VIA_ICE_COMPONENT || parsed->is_mdns
      || (parsed->transport != VIA_TRANSPORT_UDP && !self->tcp)
      || !via_icewire_takes_address (self, parsed->address)
      || !nice_address_set_from_string (&address, parsed->address))
    return FALSE;
  candidate = nice_candidate_new (types[parsed->type]);
  candidate->transport = transports[parsed->transport];
  candidate->stream_id = self->stream;
  candidate->component_id = VIA_ICE_COMPONENT;
  candidate->priority = parsed->priority;
  candidate->addr = address;
  nice_address_set_port (&candidate->addr, parsed->port);
  g_strlcpy (
      candidate->foundation, parsed->foundation, sizeof candidate->foundation);
  list.data = candidate;
  via_gcontext_enter (self->context);
  n = nice_agent_set_remote_candidates (
      self->agent, self->stream, VIA_ICE_COMPONENT, &list);
  via_gcontext_leave (self->context);
  nice_candidate_free (candidate);
  return n > 0;
}

gboolean
via_icewire_add_candidate (ViaIceWire *self, const gchar *text, GError **error)
{
  ViaCandidate parsed;
  GError *why = NULL;

  via_loop_assert (self->loop);
  if (!via_candidate_parse (&parsed, text, &why)) {
    if (g_error_matches (why, VIA_ERROR, VIA_ERROR_SYNTAX)
        || g_error_matches (why, VIA_ERROR, VIA_ERROR_LIMIT)) {
      g_propagate_error (error, why);
      return FALSE;
    }
    GST_DEBUG ("wire %s: candidate dropped: %s", self->ufrag, why->message);
    g_error_free (why);
    return FALSE;
  }
  if (self->n_remote + self->early->len >= MAX_REMOTE
      || g_hash_table_contains (self->known, text))
    return FALSE;
  if (!self->remote_ufrag) {
    g_ptr_array_add (self->early, g_strdup (text));
    return TRUE;
  }
  if (!add_parsed (self, &parsed)) {
    GST_DEBUG ("wire %s: candidate of no use: %s", self->ufrag, text);
    return FALSE;
  }
  g_hash_table_add (self->known, g_strdup (text));
  self->n_remote++;
  return TRUE;
}

void
via_icewire_end_of_candidates (ViaIceWire *self)
{
  via_loop_assert (self->loop);
  self->is_ended = TRUE;
  if (!self->remote_ufrag)
    return;
  via_gcontext_enter (self->context);
  nice_agent_peer_candidate_gathering_done (self->agent, self->stream);
  via_gcontext_leave (self->context);
}

static void
use_early (ViaIceWire *self)
{
  g_autoptr (GPtrArray) early = g_steal_pointer (&self->early);

  self->early = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < early->len; i++)
    via_icewire_add_candidate (self, g_ptr_array_index (early, i), NULL);
  if (self->is_ended)
    via_icewire_end_of_candidates (self);
}

gboolean
via_icewire_set_remote (ViaIceWire *self, const gchar *ufrag, const gchar *pwd,
    gboolean is_lite, GError **error)
{
  gboolean is_ok;

  via_loop_assert (self->loop);
  if (!via_icewire_check_credentials (ufrag, pwd, error))
    return FALSE;
  if (self->remote_ufrag && g_str_equal (self->remote_ufrag, ufrag)
      && g_str_equal (self->remote_pwd, pwd))
    return TRUE;
  if (self->remote_ufrag) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "the remote ICE credentials changed without a restart");
    return FALSE;
  }
  via_gcontext_enter (self->context);
  if (is_lite) /* the full side controls (RFC 8445 §6.1.1) */
    g_object_set (self->agent, "controlling-mode", TRUE, NULL);
  is_ok =
      nice_agent_set_remote_credentials (self->agent, self->stream, ufrag, pwd);
  via_gcontext_leave (self->context);
  if (!is_ok) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO,
        "the ICE agent refused the remote credentials");
    return FALSE;
  }
  self->remote_ufrag = g_strdup (ufrag);
  self->remote_pwd = g_strdup (pwd);
  use_early (self);
  return TRUE;
}

void
via_icewire_again (ViaIceWire *self)
{
  via_loop_assert (self->loop);
  if (!self->remote_ufrag)
    return;
  via_gcontext_enter (self->context);
  nice_agent_restart (self->agent);
  nice_agent_set_local_credentials (
      self->agent, self->stream, self->ufrag, self->pwd);
  nice_agent_set_remote_credentials (
      self->agent, self->stream, self->remote_ufrag, self->remote_pwd);
  via_gcontext_leave (self->context);
  self->is_restarting = TRUE;
  self->n_remote = 0;
  g_hash_table_remove_all (self->known);
}
