/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/sockaddr.c – ViaAddress as the kernel and people write it.
 */
#include "io/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

gboolean
via_sockaddr_read (ViaAddress *out, const struct sockaddr *from)
{
  memset (out, 0, sizeof *out);
  if (from->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const void *) from;

    memcpy (out->ip, &in->sin_addr, 4);
    out->port = ntohs (in->sin_port);
    return TRUE;
  }
  if (from->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in = (const void *) from;

    memcpy (out->ip, &in->sin6_addr, 16);
    out->port = ntohs (in->sin6_port);
    out->scope = in->sin6_scope_id;
    out->is_v6 = TRUE;
    return TRUE;
  }
  return FALSE;
}

socklen_t
via_sockaddr_write (const ViaAddress *self, struct sockaddr_storage *out)
{
  memset (out, 0, sizeof *out);
  if (!self->is_v6) {
    struct sockaddr_in *in = (void *) out;

    in->sin_family = AF_INET;
    in->sin_port = htons (self->port);
    memcpy (&in->sin_addr, self->ip, 4);
    return sizeof *in;
  } else {
    struct sockaddr_in6 *in = (void *) out;

    in->sin6_family = AF_INET6;
    in->sin6_port = htons (self->port);
    in->sin6_scope_id = self->scope;
    memcpy (&in->sin6_addr, self->ip, 16);
    return sizeof *in;
  }
}

gboolean
via_sockaddr_parse (ViaAddress *out, const gchar *ip, guint16 port)
{
  memset (out, 0, sizeof *out);
  out->port = port;
  if (inet_pton (AF_INET, ip, out->ip) == 1)
    return TRUE;
  out->is_v6 = TRUE;
  return inet_pton (AF_INET6, ip, out->ip) == 1;
}

gchar *
via_sockaddr_ip (const ViaAddress *self)
{
  gchar text[INET6_ADDRSTRLEN];

  inet_ntop (self->is_v6 ? AF_INET6 : AF_INET, self->ip, text, sizeof text);
  return g_strdup (text);
}

gchar *
via_sockaddr_text (const ViaAddress *self)
{
  g_autofree gchar *ip = via_sockaddr_ip (self);

  return g_strdup_printf (
      self->is_v6 ? "[%s]:%u" : "%s:%u", ip, (guint) self->port);
}
