/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_class.c – full ICE as one of the wires a call may have.
 */
#include "io/icewire_state.h"

static ViaIceWire *
ice_wire (const ViaWire *wire)
{
  return (ViaIceWire *) wire;
}

static void
wire_free (ViaWire *wire)
{
  via_icewire_free (ice_wire (wire));
}

static const gchar *
ufrag (const ViaWire *wire)
{
  return via_icewire_ufrag (ice_wire (wire));
}

static const gchar *
pwd (const ViaWire *wire)
{
  return via_icewire_pwd (ice_wire (wire));
}

static const gchar *const *
candidates (const ViaWire *wire)
{
  return via_icewire_candidates (ice_wire (wire));
}

static gboolean
gather (ViaWire *wire, GError **error)
{
  return via_icewire_gather (ice_wire (wire), error);
}

static gboolean
set_remote (ViaWire *wire, const gchar *remote_ufrag, const gchar *remote_pwd,
    gboolean is_lite, GError **error)
{
  return via_icewire_set_remote (
      ice_wire (wire), remote_ufrag, remote_pwd, is_lite, error);
}

static gboolean
add_candidate (ViaWire *wire, const gchar *candidate, GError **error)
{
  return via_icewire_add_candidate (ice_wire (wire), candidate, error);
}

static void
end_of_candidates (ViaWire *wire)
{
  via_icewire_end_of_candidates (ice_wire (wire));
}

static void
again (ViaWire *wire)
{
  via_icewire_again (ice_wire (wire));
}

static ViaIceState
state (const ViaWire *wire)
{
  return via_icewire_state (ice_wire (wire));
}

static guint
send_all (ViaWire *wire, const ViaDatagram *datagrams, guint n)
{
  return via_icewire_send (ice_wire (wire), datagrams, n);
}

static gboolean
selected (ViaWire *wire, gchar **out_local, gchar **out_remote)
{
  return via_icewire_selected (ice_wire (wire), out_local, out_remote);
}

static gboolean
pair (ViaWire *wire, ViaWirePair *out)
{
  const ViaIceWire *self = ice_wire (wire);

  if (self->local != NULL)
    *out = self->pair;
  return self->local != NULL;
}

static const ViaSendCounters *
counters (const ViaWire *wire)
{
  return via_icewire_counters (ice_wire (wire));
}

ViaWire *
via_icewire_wire (ViaIceWire *self)
{
  static const ViaWireClass klass = {
      .free = wire_free,
      .ufrag = ufrag,
      .pwd = pwd,
      .candidates = candidates,
      .gather = gather,
      .set_remote = set_remote,
      .add_candidate = add_candidate,
      .end_of_candidates = end_of_candidates,
      .again = again,
      .state = state,
      .send = send_all,
      .selected = selected,
      .pair = pair,
      .counters = counters,
  };

  self->parent.klass = &klass;
  return &self->parent;
}
