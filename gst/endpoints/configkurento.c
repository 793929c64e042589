/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/configkurento.c – the keys of Kurento's WebRtcEndpoint.conf.ini and
 * BaseRtpEndpoint.conf.ini, as our properties. Pure.
 * RFC 8837 §5 (code points of media)
 */
#include "endpoints/config.h"

#include <string.h>

typedef struct
{
  const gchar *key, *property;
} Pair;

/* Those whose values are ours already. */
static const Pair pairs[] = {
    {"turnURL", "turn-url"},
    {"externalIPv4", "external-ipv4"},
    {"externalIPv6", "external-ipv6"},
    {"networkInterfaces", "network-interfaces"},
    {"iceTcp", "ice-tcp"},
    {"minPort", "min-port"},
    {"maxPort", "max-port"},
    {"mtu", "mtu"},
    {"pemCertificateRSA", "certificate"},
    {"pemCertificateECDSA", "certificate"},
};

/* --- code points by name --- */

static const struct
{
  const gchar *name;
  gint value;
} points[] = {
    {"NO_VALUE", -1},
    {"NO_DSCP", 0},
    {"AUDIO_VERYLOW", 1},
    {"AUDIO_LOW", 0},
    {"AUDIO_MEDIUM", 46},
    {"AUDIO_HIGH", 46},
    {"VIDEO_VERYLOW", 1},
    {"VIDEO_LOW", 0},
    {"VIDEO_MEDIUM", 36},
    {"VIDEO_HIGH", 34},
    {"DATA_VERYLOW", 1},
    {"DATA_LOW", 0},
    {"DATA_MEDIUM", 10},
    {"DATA_HIGH", 18},
    {"EF", 46},
    {"VOICEADMIT", 44},
    {"LE", 1},
};

/* "CS3" → 24, "AF41" → 34 (RFC 2474 §4.2.2, RFC 2597 §6); -2: none. */
static gint
class_point (const gchar *name)
{
  gsize len = strlen (name);

  if (len == 3 && g_str_has_prefix (name, "CS") && name[2] >= '0'
      && name[2] <= '7')
    return 8 * (name[2] - '0');
  if (len == 4 && g_str_has_prefix (name, "AF") && name[2] >= '1'
      && name[2] <= '4' && name[3] >= '1' && name[3] <= '3')
    return 8 * (name[2] - '0') + 2 * (name[3] - '0');
  return -2;
}

static gboolean
read_point (const gchar *name, gint *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    if (g_str_equal (points[i].name, name)) {
      *out = points[i].value;
      return TRUE;
    }
  *out = class_point (name);
  return *out >= 0;
}

/* --- keys --- */

static const gchar *
read_dscp (const gchar *value, gchar **out_value, const gchar **out_why)
{
  gint point;

  if (read_point (value, &point))
    *out_value = g_strdup_printf ("%d", point);
  else
    *out_why = "is no name of a code point known here (AUDIO_HIGH, AF41, EF …)";
  return "qos-dscp";
}

const gchar *
via_config_kurento (const gchar *key, const gchar *value, const gchar *port,
    gchar **out_value, const gchar **out_why)
{
  *out_value = NULL;
  *out_why = NULL;
  if (g_str_equal (key, "stunServerAddress")) {
    gboolean is_v6 = strchr (value, ':') != NULL;

    if (*value != '\0')
      *out_value = g_strdup_printf (is_v6 ? "[%s]:%s" : "%s:%s", value,
          port != NULL && *port != '\0' ? port : "3478");
    return "stun-server";
  }
  if (g_str_equal (key, "stunServerPort"))
    return "stun-server"; /* goes with the address */
  if (g_str_equal (key, "qos-dscp"))
    return read_dscp (value, out_value, out_why);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    if (g_str_equal (pairs[i].key, key)) {
      *out_value = *value != '\0' ? g_strdup (value) : NULL;
      return pairs[i].property;
    }
  if (!g_str_equal (key, "enable-h265"))
    return NULL;
  *out_why = "of Kurento has no meaning here; see video-codecs";
  return "video-codecs";
}
