/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_local.c – our side of a wire: which addresses are gathered, and
 * how its candidates are told.
 * RFC 8445 §5.1.1.1 · RFC 8828 §5.2 · RFC 6544 §4
 */
#include "io/icewire_state.h"

#include <gio/gio.h>
#include <gst/gst.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "ice/candidate.h"
#include "io/sockaddr.h"

GST_DEBUG_CATEGORY_EXTERN (via_ice_debug);
#define GST_CAT_DEFAULT via_ice_debug

#define MAX_ADDRESSES 64 /* libnice's own bound */

/* Is @name in the list: @sign is "" or "-"; *out_any, if one of that sign is.
 */
static gboolean
is_listed (
    gchar *const *list, const gchar *sign, const gchar *name, gboolean *out_any)
{
  gboolean is_left_out = *sign == '-', is_found = FALSE;

  *out_any = FALSE;
  for (guint i = 0; list != NULL && list[i] != NULL; i++) {
    const gchar *entry = g_strstrip (list[i]);

    if ((*entry == '-') != is_left_out)
      continue;
    *out_any = TRUE;
    is_found |= g_str_equal (is_left_out ? entry + 1 : entry, name);
  }
  return is_found;
}

static gboolean
is_wanted (const struct ifaddrs *i, gchar *const *list)
{
  gboolean is_any;

  if (is_listed (list, "-", i->ifa_name, &is_any))
    return FALSE;
  return is_listed (list, "", i->ifa_name, &is_any)
         || (!is_any && (i->ifa_flags & IFF_LOOPBACK) == 0);
}

/* Link-local ones no peer elsewhere can use. */
static gboolean
read_address (const struct ifaddrs *i, NiceAddress *out)
{
  gchar text[NICE_ADDRESS_STRING_LEN];
  g_autoptr (GInetAddress) address = NULL;

  if (i->ifa_addr == NULL || (i->ifa_flags & IFF_UP) == 0
      || (i->ifa_flags & IFF_RUNNING) == 0
      || (i->ifa_addr->sa_family != AF_INET
          && i->ifa_addr->sa_family != AF_INET6))
    return FALSE;
  nice_address_init (out);
  nice_address_set_from_sockaddr (out, i->ifa_addr);
  nice_address_set_port (out, 0);
  nice_address_to_string (out, text);
  address = g_inet_address_new_from_string (text);
  return address != NULL && !g_inet_address_get_is_link_local (address);
}

/* The first of each family: who is limited to interfaces asks from there. */
static void
keep_from (ViaIceWire *self, const struct sockaddr *name)
{
  ViaAddress address;

  if (!via_sockaddr_read (&address, name) || self->has_from[address.is_v6])
    return;
  address.port = 0;
  self->from[address.is_v6] = address;
  self->has_from[address.is_v6] = TRUE;
}

gboolean
via_icewire_add_local_addresses (ViaIceWire *self, GError **error)
{
  g_auto (GStrv) list =
      self->interfaces != NULL ? g_strsplit (self->interfaces, ",", -1) : NULL;
  struct ifaddrs *all = NULL;
  guint n = 0;

  if (getifaddrs (&all) == 0)
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
      NiceAddress address;

      if (n < MAX_ADDRESSES && is_wanted (i, list)
          && read_address (i, &address)) {
        self->has_loopback |= (i->ifa_flags & IFF_LOOPBACK) != 0;
        if (list != NULL)
          keep_from (self, i->ifa_addr);
        nice_agent_add_local_address (self->agent, &address);
        n++;
      }
    }
  if (all != NULL)
    freeifaddrs (all);
  if (n > 0)
    return TRUE;
  if (self->interfaces != NULL)
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO,
        "no network address: no interface of network-interfaces=%s has one",
        self->interfaces);
  else
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_IO,
        "no network address: no interface but loopback is up");
  return FALSE;
}

gboolean
via_icewire_takes_address (const ViaIceWire *self, const gchar *text)
{
  g_autoptr (GInetAddress) address = NULL;

  if (via_icewire_is_usable_address (text))
    return TRUE;
  address = g_inet_address_new_from_string (text);
  return self->has_loopback && address != NULL
         && g_inet_address_get_is_loopback (address);
}

/* (transfer full) of @text too. */
static gchar *
show_external (const ViaIceWire *self, gchar *text)
{
  ViaCandidate candidate;
  const gchar *external;

  if (!via_candidate_parse (&candidate, text, NULL)
      || candidate.type != VIA_CANDIDATE_HOST)
    return text;
  external = strchr (candidate.address, ':') != NULL ? self->external_ipv6
                                                     : self->external_ipv4;
  if (external == NULL)
    return text;
  g_strlcpy (candidate.address, external, sizeof candidate.address);
  g_free (text);
  return via_candidate_to_string (&candidate);
}

gchar *
via_icewire_tell_local (ViaIceWire *self, NiceCandidate *candidate)
{
  gchar address[NICE_ADDRESS_STRING_LEN];
  g_autofree gchar *line = NULL;
  gchar *text;

  nice_address_to_string (&candidate->addr, address);
  if (!via_icewire_takes_address (self, address)
      || (self->relay_only && candidate->type != NICE_CANDIDATE_TYPE_RELAYED))
    return NULL;
  line = nice_agent_generate_local_candidate_sdp (self->agent, candidate);
  if (line == NULL)
    return NULL;
  text = g_strdup (g_str_has_prefix (line, "a=") ? line + 2 : line);
  if (self->relay_only)
    return via_icewire_hide_related (text);
  return show_external (self, text);
}
