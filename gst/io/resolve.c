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

/* --- remembered --- */

#define FRESH (60 * G_TIME_SPAN_SECOND)

typedef struct
{
  gchar *address; /* (nullable) */
  gint64 asked;   /* when the last answer came */
  gboolean is_asked;
} Known;

/* As many as names were ever set; for the process's life. */
static struct
{
  GMutex lock;
  GHashTable *names; /* gchar* → Known* */
} memory;

static gpointer
ask (gpointer data)
{
  g_autofree gchar *host = data;
  g_autoptr (ViaIceServer) server = g_new0 (ViaIceServer, 1);
  gboolean is_found;
  Known *known;

  server->host = g_strdup (host);
  is_found = via_resolve_server (server, NULL);
  g_mutex_lock (&memory.lock);
  known = g_hash_table_lookup (memory.names, host);
  if (is_found) {
    g_free (known->address);
    known->address = g_steal_pointer (&server->host);
  }
  known->asked = g_get_monotonic_time ();
  known->is_asked = FALSE;
  g_mutex_unlock (&memory.lock);
  return NULL;
}

static Known *
find_locked (const gchar *host)
{
  Known *known;

  if (memory.names == NULL)
    memory.names = g_hash_table_new (g_str_hash, g_str_equal);
  known = g_hash_table_lookup (memory.names, host);
  if (known == NULL) {
    known = g_new0 (Known, 1);
    g_hash_table_insert (memory.names, g_strdup (host), known);
  }
  return known;
}

static gboolean
is_due (const Known *known)
{
  return !known->is_asked
         && (known->address == NULL
             || g_get_monotonic_time () - known->asked > FRESH);
}

gboolean
via_resolve_known (ViaIceServer *server, GError **error)
{
  g_autofree gchar *address = NULL;
  Known *known;

  if (g_hostname_is_ip_address (server->host))
    return TRUE;
  g_mutex_lock (&memory.lock);
  known = find_locked (server->host);
  address = g_strdup (known->address);
  if (is_due (known)) {
    known->is_asked = TRUE;
    g_thread_unref (g_thread_new ("via-resolve", ask, g_strdup (server->host)));
  }
  g_mutex_unlock (&memory.lock);
  if (address == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "the address of the server's host name %s is not known yet",
        server->host);
    return FALSE;
  }
  g_free (server->host);
  server->host = g_steal_pointer (&address);
  return TRUE;
}
