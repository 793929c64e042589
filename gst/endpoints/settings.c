/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/settings.c – what may be set about how packets travel.
 * RFC 7064 · RFC 7065 · RFC 8656 · RFC 9429 §4.1.1 · RFC 5764 §4.1.2
 */
#include "endpoints/settings.h"

#include <gio/gio.h>
#include <string.h>

#include "dtls/identity.h"
#include "endpoints/dscp.h"
#include "endpoints/enums.h"
#include "ice/turnurl.h"

#define MAX_TEXT 1024 /* bytes of what is no PEM */
#define MAX_PEM (64 * 1024)
#define MAX_INTERFACE 15 /* IFNAMSIZ without the NUL */
#define NEXT                                                                   \
  "Takes effect at the next negotiation (of a server: with its next peer); a bad value is refused and the old one stays"

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SETTING, why);
  return FALSE;
}

/* --- rules --- */

static gboolean
check_stun (const gchar *text, GError **error)
{
  g_autoptr (ViaIceServer) server = via_stun_url_parse (text, error);

  return server != NULL;
}

static gboolean
check_turn (const gchar *text, GError **error)
{
  ViaIceServer **servers = via_turn_urls_parse (text, error);

  via_ice_servers_free (servers);
  return servers != NULL;
}

static gboolean
check_secret (const gchar *text, GError **error)
{
  if (strlen (text) > MAX_TEXT)
    return refuse (error, "the secret is over 1024 bytes");
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text))
      return refuse (error, "the secret has a control character");
  return TRUE;
}

static gboolean
check_authorities (const gchar *text, GError **error)
{
  g_autoptr (GError) why = NULL;
  GList *list = g_tls_certificate_list_new_from_file (text, &why);

  if (list == NULL)
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "%s holds no certificates of authorities%s%s", text,
        why != NULL ? ": " : "", why != NULL ? why->message : "");
  g_list_free_full (list, g_object_unref);
  return list != NULL;
}

static gboolean
check_address (const gchar *text, GSocketFamily family, GError **error)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  if (address != NULL && g_inet_address_get_family (address) == family
      && !g_inet_address_get_is_any (address)
      && !g_inet_address_get_is_multicast (address))
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "\"%s\" is no IPv%d address of a host", text,
      family == G_SOCKET_FAMILY_IPV4 ? 4 : 6);
  return FALSE;
}

static gboolean
check_ipv4 (const gchar *text, GError **error)
{
  return check_address (text, G_SOCKET_FAMILY_IPV4, error);
}

static gboolean
check_ipv6 (const gchar *text, GError **error)
{
  return check_address (text, G_SOCKET_FAMILY_IPV6, error);
}

static gboolean
check_interfaces (const gchar *text, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);

  for (guint i = 0; names[i] != NULL; i++) {
    const gchar *name = g_strstrip (names[i]);

    name += *name == '-' ? 1 : 0;
    if (*name == '\0' || strlen (name) > MAX_INTERFACE
        || strpbrk (name, "/ \t\r\n") != NULL) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "\"%s\" is no list of interface names: 1 to 15 characters each, "
          "separated by commas, left out with '-' in front",
          text);
      return FALSE;
    }
  }
  return TRUE;
}

gchar *
via_setting_pem (const gchar *text, GError **error)
{
  g_autoptr (GError) why = NULL;
  gchar *pem = NULL;
  gsize len;

  if (strstr (text, "-----BEGIN ") != NULL)
    return g_strdup (text);
  if (strlen (text) > MAX_TEXT || strpbrk (text, "\r\n") != NULL) {
    refuse (error, "is neither a PEM text nor the name of a file");
    return NULL;
  }
  if (!g_file_get_contents (text, &pem, &len, &why)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "is no PEM text, and cannot be read as a file: %s", why->message);
    return NULL;
  }
  if (len <= MAX_PEM && strlen (pem) == len)
    return pem;
  g_free (pem);
  refuse (error, "the file is no PEM text of at most 64 KiB");
  return NULL;
}

static gboolean
check_certificate (const gchar *text, GError **error)
{
  g_autofree gchar *pem = via_setting_pem (text, error);
  g_autoptr (ViaIdentity) identity =
      pem != NULL ? via_identity_from_pem (pem, error) : NULL;

  if (pem != NULL)
    explicit_bzero (pem, strlen (pem));
  return identity != NULL;
}

gboolean
via_setting_profiles (const gchar *text,
    ViaSrtpProfile out[VIA_SETTING_MAX_PROFILES + 1], GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  guint n = 0;

  for (; names[n] != NULL; n++) {
    ViaSrtpProfile profile = via_srtp_profile_from_name (g_strstrip (names[n]));

    for (guint i = 0; i < n && profile != VIA_SRTP_NONE; i++)
      if (out[i] == profile)
        return refuse (error, "an SRTP profile stands there twice");
    if (profile == VIA_SRTP_NONE || n == VIA_SETTING_MAX_PROFILES) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "\"%s\" is no SRTP profile; there are %s, %s and %s", names[n],
          via_srtp_profile_name (VIA_SRTP_AEAD_AES_128_GCM),
          via_srtp_profile_name (VIA_SRTP_AEAD_AES_256_GCM),
          via_srtp_profile_name (VIA_SRTP_AES128_CM_SHA1_80));
      return FALSE;
    }
    out[n] = profile;
  }
  out[n] = VIA_SRTP_NONE;
  return n > 0 || refuse (error, "no SRTP profile is named");
}

static gboolean
check_dscp (const gchar *text, GError **error)
{
  ViaDscp dscp;

  return via_dscp_read (text, &dscp, error);
}

static gboolean
check_profiles (const gchar *text, GError **error)
{
  ViaSrtpProfile profiles[VIA_SETTING_MAX_PROFILES + 1];

  return via_setting_profiles (text, profiles, error);
}

/* --- what may be shown --- */

static gchar *
mask_all (const gchar *text)
{
  return g_strdup ("***");
}

/* Only what may be the name of a file is shown. */
static gchar *
mask_pem (const gchar *text)
{
  gboolean is_name = strstr (text, "-----BEGIN ") == NULL
                     && strpbrk (text, "\r\n") == NULL
                     && strlen (text) <= MAX_TEXT;

  return g_strdup (is_name ? text : "***");
}

/* --- the table --- */

static const ViaSettingSpec specs[VIA_SETTINGS] = {
    [VIA_SETTING_STUN_SERVER] = {"stun-server", "STUN server",
        .check = check_stun,
        .blurb =
            "host, host:port or stun:host:port (port 3478 by default) to learn "
            "our public address from. NULL: none is asked, there is no default "
            "server. " NEXT " (RFC 7064)"},
    [VIA_SETTING_TURN_URL] = {"turn-url", "TURN servers", .check = check_turn,
        .mask = via_turn_urls_mask,
        .blurb =
            "user:password@host[:port][?transport=udp|tcp|tls] or turn: and "
            "turns: URIs of servers that relay media; several, separated by "
            "commas, 8 at most; percent-escapes are decoded. Passwords read "
            "back as ***. tls and turns: are real TLS. With turn-secret, "
            "turn:host is enough. NULL: none. " NEXT " (RFC 8656, RFC 7065)"},
    [VIA_SETTING_TURN_SECRET] = {"turn-secret", "TURN secret",
        .check = check_secret, .mask = mask_all,
        .blurb =
            "Secret shared with the TURN servers (coturn's static-auth-secret) "
            "from which user and password of a day are made for each peer, "
            "where turn-url has none. Reads back as ***. NULL: none. " NEXT},
    [VIA_SETTING_TURN_TLS_CA] = {"turn-tls-ca", "TURN authorities",
        .check = check_authorities,
        .blurb =
            "File with the certificates (PEM) of authorities that may sign a "
            "TURN server's. NULL: those of the system. " NEXT},
    [VIA_SETTING_TURN_TLS_VERIFY] = {"turn-tls-verify", "Verify TURN over TLS",
        VIA_SETTING_BOOLEAN, "true",
        .blurb =
            "Whether a TURN server reached by TLS must prove its name with a "
            "certificate; FALSE takes any server, also an attacker. Never falls "
            "back to clear text. " NEXT " (RFC 8446, RFC 9525)"},
    [VIA_SETTING_ICE_TRANSPORT_POLICY] = {"ice-transport-policy",
        "ICE transport policy", VIA_SETTING_ENUM, "all",
        .type = via_ice_transport_policy_get_type,
        .blurb =
            "Which candidates are used: all, or only those of the TURN servers. "
            "Takes effect at the next negotiation (of a server: with its next "
            "peer) (RFC 9429 §4.1.1)"},
    [VIA_SETTING_EXTERNAL_IPV4] = {"external-ipv4", "External IPv4 address",
        .check = check_ipv4,
        .blurb =
            "Address that others reach this machine at, where it is behind a "
            "1:1 NAT (EC2): stands in host candidates in the place of its own "
            "IPv4 addresses; other candidates stay. NULL: none. " NEXT},
    [VIA_SETTING_EXTERNAL_IPV6] = {"external-ipv6", "External IPv6 address",
        .check = check_ipv6, .blurb = "The same for IPv6. NULL: none. " NEXT},
    [VIA_SETTING_NETWORK_INTERFACES] = {"network-interfaces",
        "Network interfaces", .check = check_interfaces,
        .blurb =
            "Names, separated by commas, of the interfaces whose addresses "
            "become candidates; with '-' in front of those whose do not. "
            "Loopback is used only if it is named. NULL: all but "
            "loopback. " NEXT},
    [VIA_SETTING_MIN_PORT] = {"min-port", "Lowest port", VIA_SETTING_NUMBER,
        "0", 0, G_MAXUINT16,
        .blurb =
            "Lowest local port of candidates; 0: 1024 if there is a max-port, "
            "else any. A range without a free port is an error of "
            "gather-candidates. Takes effect at the next negotiation (of a "
            "server: with its next peer)"},
    [VIA_SETTING_MAX_PORT] = {"max-port", "Highest port", VIA_SETTING_NUMBER,
        "0", 0, G_MAXUINT16,
        .blurb =
            "Highest local port of candidates; 0: 65535 if there is a "
            "min-port, else any. Takes effect at the next negotiation (of a "
            "server: with its next peer)"},
    [VIA_SETTING_ICE_TCP] = {"ice-tcp", "ICE over TCP", VIA_SETTING_BOOLEAN,
        "false",
        .blurb =
            "Whether there are TCP candidates too, active and passive. Takes "
            "effect at the next negotiation (of a server: with its next peer) "
            "(RFC 6544)"},
    [VIA_SETTING_QOS_DSCP] = {"qos-dscp", "DSCP", .fallback = "-1",
        .check = check_dscp,
        .blurb =
            "Differentiated services code point of what is sent: one for all, "
            "46 or EF for example, or per media, audio=EF,video=AF41 (other= is "
            "for RTCP, DTLS and data); per media only where the path is a "
            "direct UDP one. -1 or not named: the system's. " NEXT
            " (RFC 2474, RFC 8837)"},
    [VIA_SETTING_CERTIFICATE] = {"certificate", "Certificate",
        .check = check_certificate, .mask = mask_pem,
        .blurb =
            "Certificate and private key (ECDSA or RSA from 2048 bits) as PEM "
            "text or the name of a file with it. PEM text reads back as ***. "
            "NULL: a fresh one per element, shared by the peers of a server. "
            "Takes effect when the element leaves NULL; a bad value is refused "
            "and the old one stays (RFC 8827 §6.5)"},
    [VIA_SETTING_DTLS_ROLE] = {"dtls-role", "DTLS role", VIA_SETTING_ENUM,
        "auto", .type = via_dtls_role_get_type,
        .blurb =
            "Who begins the DTLS handshake: active we, passive the peer; auto "
            "lets a peer choose and is passive if it does not. Takes effect at "
            "the next negotiation (of a server: with its next peer) (RFC 8842)"},
    [VIA_SETTING_SRTP_PROFILES] = {"srtp-profiles", "SRTP profiles",
        .fallback = "AEAD_AES_128_GCM,AEAD_AES_256_GCM,AES_CM_128_HMAC_SHA1_80",
        .check = check_profiles,
        .blurb =
            "SRTP protection profiles to agree on, preferred first, separated "
            "by commas. NULL: the default. " NEXT " (RFC 5764 §4.1.2)"},
};

const ViaSettingSpec *
via_setting_spec (ViaSetting setting)
{
  return &specs[setting];
}

ViaSetting
via_setting_from_name (const gchar *name)
{
  guint i = 0;

  while (i < VIA_SETTINGS && !g_str_equal (specs[i].name, name))
    i++;
  return (ViaSetting) i;
}

/* --- reading --- */

static gchar *
read_boolean (const gchar *text, GError **error)
{
  static const gchar *const yes[] = {"true", "yes", "on", "1", NULL};
  static const gchar *const no[] = {"false", "no", "off", "0", NULL};
  g_autofree gchar *lower = g_ascii_strdown (text, -1);

  if (g_strv_contains (yes, lower))
    return g_strdup ("true");
  if (g_strv_contains (no, lower))
    return g_strdup ("false");
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "\"%s\" is neither true nor false", text);
  return NULL;
}

static gchar *
read_number (const ViaSettingSpec *spec, const gchar *text, GError **error)
{
  gint64 value;

  if (g_ascii_string_to_signed (text, 10, spec->min, spec->max, &value, NULL))
    return g_strdup_printf ("%d", (gint) value);
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "\"%s\" is no number from %d to %d", text, spec->min, spec->max);
  return NULL;
}

static gchar *
read_enum (const ViaSettingSpec *spec, const gchar *text, GError **error)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (spec->type ());
  g_autofree gchar *lower = g_ascii_strdown (text, -1);
  g_autoptr (GString) nicks = g_string_new (NULL);

  if (g_enum_get_value_by_nick (klass, lower) != NULL)
    return g_steal_pointer (&lower);
  for (guint i = 0; i < klass->n_values; i++)
    g_string_append_printf (
        nicks, "%s%s", i > 0 ? ", " : "", klass->values[i].value_nick);
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING, "\"%s\" is none of %s",
      text, nicks->str);
  return NULL;
}

gchar *
via_setting_read (ViaSetting setting, const gchar *text, GError **error)
{
  const ViaSettingSpec *spec = &specs[setting];

  switch (spec->kind) {
    case VIA_SETTING_BOOLEAN:
      return read_boolean (text, error);
    case VIA_SETTING_NUMBER:
      return read_number (spec, text, error);
    case VIA_SETTING_ENUM:
      return read_enum (spec, text, error);
    default:
      break;
  }
  if (!g_utf8_validate (text, -1, NULL)) {
    refuse (error, "is no UTF-8");
    return NULL;
  }
  if (spec->check != NULL && !spec->check (text, error))
    return NULL;
  return g_strdup (text);
}

gchar *
via_setting_show (ViaSetting setting, const gchar *text)
{
  if (text == NULL)
    return NULL;
  return specs[setting].mask != NULL ? specs[setting].mask (text)
                                     : g_strdup (text);
}

gboolean
via_setting_boolean (const gchar *text)
{
  return g_strcmp0 (text, "true") == 0;
}

gint
via_setting_number (const gchar *text)
{
  return text != NULL ? (gint) g_ascii_strtoll (text, NULL, 10) : 0;
}

gint
via_setting_enum (ViaSetting setting, const gchar *text)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (specs[setting].type ());
  const GEnumValue *value = g_enum_get_value_by_nick (klass, text);

  return value != NULL ? value->value : klass->minimum;
}
