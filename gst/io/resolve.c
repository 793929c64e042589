/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/resolve.c – the address of a STUN or TURN server given by name.
 */
#include "io/resolve.h"

#include <gio/gio.h>

gboolean
via_resolve_server (ViaIceServer *server, GError **error)
{
  g_autoptr (GResolver) resolver = NULL;
  g_autoptr (GError) why = NULL;
  GList *addresses, *best;

  if (g_hostname_is_ip_address (server->host))
    return TRUE;
  resolver = g_resolver_get_default ();
  addresses = g_resolver_lookup_by_name (resolver, server->host, NULL, &why);
  if (addresses == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO,
        "the server's host name %s has no address: %s", server->host,
        why->message);
    return FALSE;
  }
  for (best = addresses; best != NULL; best = best->next)
    if (g_inet_address_get_family (best->data) == G_SOCKET_FAMILY_IPV4)
      break;
  if (best == NULL)
    best = addresses;
  g_free (server->host);
  server->host = g_inet_address_to_string (best->data);
  g_resolver_free_addresses (addresses);
  return TRUE;
}
