/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange_policy.c – who takes from whom: routes, the main port, what
 * members subscribe to. Texts become port numbers here; the room does the rest.
 */
#include "io/exchange-private.h"

/* --- from texts to ports; call with exchange.lock held --- */

/* The lowest port @select means, VIA_ROOM_NONE if there is none. */
static guint
first_port (ViaExchange *self, const ViaSelect *select)
{
  GHashTableIter iter;
  gpointer value;
  guint port = VIA_ROOM_NONE;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const ViaMember *member = value;
    ViaWho who = via_exchange_ports_who (member);

    if (!member->is_observer && member->port < port
        && via_select_matches (select, &who))
      port = member->port;
  }
  return port;
}

/* Whom @member takes from; the last route that names it holds. */
static guint
find_source (ViaExchange *self, const ViaMember *member)
{
  ViaWho who = via_exchange_ports_who (member);

  if (self->policy.has_main)
    return self->policy.main != NULL ? first_port (self, self->policy.main)
                                     : VIA_ROOM_NONE;
  for (guint i = self->policy.routes->len; i > 0; i--) {
    const ViaRoute *route = g_ptr_array_index (self->policy.routes, i - 1);

    if (via_select_matches (route->to, &who))
      return first_port (self, route->from);
  }
  return VIA_ROOM_NONE;
}

static void
apply_subscription (ViaExchange *self, const ViaMember *member)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const ViaMember *other = value;
    ViaWho who = via_exchange_ports_who (other);

    if (other != member)
      via_room_set_subscribed (self->room, member->port, other->port,
          member->wanted == NULL || via_select_matches (member->wanted, &who));
  }
}

void
via_exchange_policy_apply_locked (ViaExchange *self)
{
  gboolean is_routed = self->policy.routes != NULL || self->policy.has_main;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const ViaMember *member = value;

    if (member->is_observer)
      continue;
    apply_subscription (self, member);
    if (is_routed)
      via_room_set_source (
          self->room, member->port, find_source (self, member));
  }
  via_exchange_slots_carry_out_locked (self);
}

/* --- setting it --- */

static void
change (ViaExchange *self, GPtrArray *routes, ViaSelect *main_port,
    gboolean has_main)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->policy.routes, g_ptr_array_unref);
  via_select_free (self->policy.main);
  self->policy.routes = routes;
  self->policy.main = main_port;
  self->policy.has_main = has_main;
  via_room_set_routed (self->room, routes != NULL || has_main);
  via_exchange_policy_apply_locked (self);
  g_mutex_unlock (&self->lock);
}

gboolean
via_exchange_set_routes (ViaExchange *self, const gchar *text, GError **error)
{
  GPtrArray *routes = NULL;

  if (text != NULL && (routes = via_select_parse_routes (text, error)) == NULL)
    return FALSE;
  change (self, routes, NULL, FALSE);
  return TRUE;
}

gboolean
via_exchange_set_main (ViaExchange *self, const gchar *text, GError **error)
{
  ViaSelect *select = NULL;

  if (text != NULL && *text != '\0'
      && (select = via_select_parse (text, error)) == NULL)
    return FALSE;
  change (self, NULL, select, text != NULL);
  return TRUE;
}

void
via_exchange_set_last_n (ViaExchange *self, guint n)
{
  g_mutex_lock (&self->lock);
  self->policy.last_n = n;
  via_room_set_last_n (self->room, n);
  via_exchange_slots_carry_out_locked (self);
  g_mutex_unlock (&self->lock);
}

void
via_exchange_reserve (ViaExchange *self, guint port, gboolean is_reserved)
{
  g_mutex_lock (&self->lock);
  if (is_reserved)
    g_hash_table_add (self->reserved, GUINT_TO_POINTER (port));
  else
    g_hash_table_remove (self->reserved, GUINT_TO_POINTER (port));
  via_room_reserve (self->room, port, is_reserved);
  g_mutex_unlock (&self->lock);
}

/* --- a room like another --- */

void
via_exchange_policy_clear (ViaExchange *self)
{
  g_clear_pointer (&self->policy.routes, g_ptr_array_unref);
  g_clear_pointer (&self->policy.main, via_select_free);
}

ViaExchange *
via_exchange_new_like (ViaExchange *old)
{
  ViaExchange *self = via_exchange_new ();
  g_autoptr (GObject) listener = g_weak_ref_get (&old->listener);
  g_autoptr (GObject) transcoder = g_weak_ref_get (&old->transcoder);
  GHashTableIter iter;
  gpointer key;

  if (listener != NULL)
    via_exchange_listen (self, listener, old->news);
  if (transcoder != NULL)
    via_exchange_set_transcoder (self, transcoder, &old->transcode);
  g_mutex_lock (&old->lock);
  self->policy.last_n = old->policy.last_n;
  via_room_set_last_n (self->room, self->policy.last_n);
  if (old->policy.routes != NULL)
    self->policy.routes = g_ptr_array_ref (old->policy.routes);
  self->policy.main = g_steal_pointer (&old->policy.main);
  self->policy.has_main = old->policy.has_main;
  via_room_set_routed (
      self->room, self->policy.routes != NULL || self->policy.has_main);
  g_hash_table_iter_init (&iter, old->reserved);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    via_exchange_reserve (self, GPOINTER_TO_UINT (key), TRUE);
  g_mutex_unlock (&old->lock);
  return self;
}
