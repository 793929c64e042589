/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/names.c – the far end's candidates on their way to a wire.
 */
#include "io/names.h"

#include "ice/candidate.h"
#include "io/mdns.h"
#include "io/sockaddr.h"

typedef struct
{
  ViaNames *owner;
  ViaCandidate candidate;
  ViaMdnsQuery *query;
} Name;

struct _ViaNames
{
  ViaLoop *loop;
  ViaWire *wire;
  GPtrArray *asked; /* Name, owned */
  gboolean has_ended;
  guint dropped; /* names */
  guint refused; /* of no use to the wire */
};

static void
name_free (gpointer data)
{
  Name *name = data;

  via_mdns_query_free (name->query);
  g_free (name);
}

ViaNames *
via_names_new (ViaLoop *loop, ViaWire *wire)
{
  ViaNames *self = g_new0 (ViaNames, 1);

  self->loop = loop;
  self->wire = wire;
  self->asked = g_ptr_array_new_with_free_func (name_free);
  return self;
}

void
via_names_free (ViaNames *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->asked);
  g_free (self);
}

static void
on_answer (gpointer user, const ViaAddress *address)
{
  Name *name = user;
  ViaNames *self = name->owner;

  if (address == NULL) {
    self->dropped++;
  } else {
    g_autofree gchar *ip = via_sockaddr_ip (address);
    g_autofree gchar *text = NULL;

    g_strlcpy (name->candidate.address, ip, sizeof name->candidate.address);
    name->candidate.is_mdns = FALSE;
    text = via_candidate_to_string (&name->candidate);
    via_wire_add_candidate (self->wire, text, NULL);
  }
  g_ptr_array_remove_fast (self->asked, name);
  if (self->has_ended)
    via_names_end (self);
}

static gboolean
ask (ViaNames *self, const ViaCandidate *candidate)
{
  Name *name;

  if (self->asked->len >= VIA_NAMES_MAX) {
    self->dropped++;
    return FALSE;
  }
  name = g_new0 (Name, 1);
  name->owner = self;
  name->candidate = *candidate;
  name->query =
      via_mdns_query_new (self->loop, candidate->address, on_answer, name);
  if (name->query == NULL) {
    self->dropped++;
    g_free (name);
    return FALSE;
  }
  g_ptr_array_add (self->asked, name);
  return TRUE;
}

gboolean
via_names_add (ViaNames *self, const gchar *text, GError **error)
{
  ViaCandidate candidate;
  GError *why = NULL;

  self->has_ended = FALSE;
  if (via_candidate_parse (&candidate, text, NULL) && candidate.is_mdns
      && candidate.transport == VIA_TRANSPORT_UDP)
    return ask (self, &candidate);
  if (via_wire_add_candidate (self->wire, text, &why))
    return TRUE;
  self->refused += why == NULL ? 1 : 0;
  if (why != NULL)
    g_propagate_error (error, why);
  return FALSE;
}

void
via_names_end (ViaNames *self)
{
  self->has_ended = self->asked->len > 0;
  if (!self->has_ended)
    via_wire_end_of_candidates (self->wire);
}

guint
via_names_dropped (const ViaNames *self)
{
  return self->dropped;
}

guint
via_names_refused (const ViaNames *self)
{
  return self->refused + self->dropped;
}
