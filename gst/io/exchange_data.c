/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange_data.c – messages of data channels through a room: to all others,
 * or to whom a text means.
 */
#include "io/exchange-private.h"

/* Call with self->lock held. */
static gboolean
is_meant_locked (const ViaMember *member, guint from, const ViaSelect *wanted)
{
  ViaWho who = via_exchange_ports_who (member);

  return member->port != from && member->funcs.data != NULL
         && (wanted == NULL || via_select_matches (wanted, &who));
}

guint
via_exchange_send_data (ViaExchange *self, guint from, const gchar *to,
    const ViaRoomMessage *message)
{
  g_autoptr (ViaSelect) wanted =
      to != NULL ? via_select_parse (to, NULL) : NULL;
  g_autoptr (GPtrArray) members =
      g_ptr_array_new_with_free_func (via_member_unref_any);
  GHashTableIter iter;
  gpointer member;
  guint n = 0;

  if (to != NULL && wanted == NULL)
    return 0;
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    if (is_meant_locked (member, from, wanted))
      g_ptr_array_add (members, via_member_ref (member));
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < members->len; i++) {
    ViaMember *one = g_ptr_array_index (members, i);

    if (!via_guard_enter (&one->guard))
      continue;
    one->funcs.data (one->user, message);
    via_guard_leave (&one->guard);
    n++;
  }
  return n;
}

guint
via_member_send_data (
    ViaMember *self, const gchar *to, const ViaRoomMessage *message)
{
  return via_exchange_send_data (self->exchange, self->port, to, message);
}
