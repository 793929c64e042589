/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/way.c – a wire and the far end's candidates for it. Loop thread only.
 */
#include "io/way.h"

/* NULL with error. */
static ViaWire *
wire_new (ViaWay *self, ViaLoop *loop, const ViaIceConfig *ice,
    const ViaLiteConfig *lite, const ViaIceFuncs *funcs, GError **error)
{
  ViaIceWire *full;

  if (lite != NULL)
    return via_litewire_new (loop, lite, funcs, self, error);
  full = via_icewire_new (loop, ice, funcs, self, error);
  return full != NULL ? via_icewire_wire (full) : NULL;
}

ViaWay *
via_way_new (ViaLoop *loop, const ViaIceConfig *ice, const ViaLiteConfig *lite,
    const ViaIceFuncs *funcs, gpointer user, GError **error)
{
  ViaWay *self = g_new0 (ViaWay, 1);

  self->user = user;
  self->wire = wire_new (self, loop, ice, lite, funcs, error);
  if (self->wire == NULL) {
    g_free (self);
    return NULL;
  }
  self->names = via_names_new (loop, self->wire);
  return self;
}

void
via_way_free (ViaWay *self)
{
  if (self == NULL)
    return;
  via_names_free (self->names);
  via_wire_free (self->wire);
  g_free (self);
}

gboolean
via_way_take_remote (
    ViaWay *self, const ViaRemoteTransport *remote, GError **error)
{
  if (!via_wire_set_remote (
          self->wire, remote->ufrag, remote->pwd, remote->is_ice_lite, error))
    return FALSE;
  self->is_answered = TRUE;
  for (guint i = 0; remote->candidates && i < remote->candidates->len; i++)
    via_names_add (
        self->names, g_ptr_array_index (remote->candidates, i), NULL);
  if (remote->has_end_of_candidates)
    via_names_end (self->names);
  return TRUE;
}

gboolean
via_way_add_candidate (ViaWay *self, const gchar *candidate, GError **error)
{
  GError *why = NULL;

  if (!candidate || !*candidate) {
    via_names_end (self->names);
    return TRUE;
  }
  if (via_names_add (self->names, candidate, &why) || !why)
    return TRUE; /* one we cannot use is dropped, politely */
  g_propagate_error (error, why);
  return FALSE;
}

void
via_way_describe (const ViaWay *self, ViaLocalTransport *out)
{
  out->ufrag = via_wire_ufrag (self->wire);
  out->pwd = via_wire_pwd (self->wire);
  out->candidates = via_wire_candidates (self->wire);
  out->end_of_candidates = self->is_gathered;
  out->trickle = TRUE;
  out->is_lite = via_wire_is_lite (self->wire);
}
