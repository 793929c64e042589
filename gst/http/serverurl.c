/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/serverurl.c – the address under which a server tells others of itself.
 */
#include "http/serverurl.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <gio/gio.h>

/* An address of this machine that others can reach, or NULL. */
static gchar *
own_address (GSocketFamily family)
{
  struct ifaddrs *all = NULL;
  gchar *text = NULL;

  if (getifaddrs (&all) != 0)
    return NULL;
  for (struct ifaddrs *i = all; i != NULL && text == NULL; i = i->ifa_next) {
    g_autoptr (GSocketAddress) address = NULL;
    GInetAddress *inet;

    if (i->ifa_addr == NULL || !(i->ifa_flags & IFF_UP)
        || (GSocketFamily) i->ifa_addr->sa_family != family)
      continue;
    address = g_socket_address_new_from_native (i->ifa_addr,
        family == G_SOCKET_FAMILY_IPV4 ? sizeof (struct sockaddr_in)
                                       : sizeof (struct sockaddr_in6));
    inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
    if (!g_inet_address_get_is_loopback (inet)
        && !g_inet_address_get_is_link_local (inet))
      text = g_inet_address_to_string (inet);
  }
  freeifaddrs (all);
  return text;
}

gchar *
via_serverurl_new (
    const gchar *address, guint port, gboolean is_tls, const gchar *path)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  g_autofree gchar *host = NULL;
  gboolean is_v6;

  if (g_inet_address_get_is_any (inet)) {
    host = own_address (G_SOCKET_FAMILY_IPV4);
    if (host == NULL)
      host = own_address (g_inet_address_get_family (inet));
  }
  if (host == NULL)
    host = g_strdup (g_inet_address_get_is_any (inet) ? "localhost" : address);
  is_v6 = strchr (host, ':') != NULL;
  return g_strdup_printf ("%s://%s%s%s:%u/%s/", is_tls ? "https" : "http",
      is_v6 ? "[" : "", host, is_v6 ? "]" : "", port, path);
}
