/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/address.c – an IP address and port as a value.
 */
#include "base/address.h"

#include <string.h>

gboolean
via_address_equal (const ViaAddress *a, const ViaAddress *b)
{
  return a->is_v6 == b->is_v6 && a->port == b->port && a->scope == b->scope
         && memcmp (a->ip, b->ip, sizeof a->ip) == 0;
}

guint
via_address_hash (const ViaAddress *self)
{
  guint hash = 5381 + self->port;

  for (gsize i = 0; i < sizeof self->ip; i++)
    hash = hash * 33 + self->ip[i];
  return hash;
}
