/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/settings.h – what may be set about how packets travel: names,
 * defaults, rules. A value is a text, as in a file or in the environment.
 * Constant tables and functions without state; any thread.
 */
#pragma once

#include "base/error.h"
#include "base/srtpkeys.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  VIA_SETTING_STUN_SERVER,
  VIA_SETTING_TURN_URL,
  VIA_SETTING_TURN_SECRET,
  VIA_SETTING_TURN_TLS_CA,
  VIA_SETTING_TURN_TLS_VERIFY,
  VIA_SETTING_ICE_TRANSPORT_POLICY,
  VIA_SETTING_EXTERNAL_IPV4,
  VIA_SETTING_EXTERNAL_IPV6,
  VIA_SETTING_NETWORK_INTERFACES,
  VIA_SETTING_MIN_PORT,
  VIA_SETTING_MAX_PORT,
  VIA_SETTING_ICE_TCP,
  VIA_SETTING_QOS_DSCP,
  VIA_SETTING_CERTIFICATE,
  VIA_SETTING_DTLS_ROLE,
  VIA_SETTING_SRTP_PROFILES,
  VIA_SETTINGS
} ViaSetting;

typedef enum
{
  VIA_SETTING_TEXT,
  VIA_SETTING_BOOLEAN, /* "true", "false" */
  VIA_SETTING_NUMBER,
  VIA_SETTING_ENUM, /* a nick */
} ViaSettingKind;

typedef struct
{
  const gchar *name; /* the property's */
  const gchar *nick;
  ViaSettingKind kind;
  const gchar *fallback; /* (nullable) built in */
  gint min, max;         /* of a number */
  GType (*type) (void);  /* of an enumeration */
  /* (nullable) Errors name the rule and show no secret. */
  gboolean (*check) (const gchar *text, GError **error);
  gchar *(*mask) (const gchar *text); /* (nullable) no secret in it */
  const gchar *blurb;
} ViaSettingSpec;

const ViaSettingSpec *via_setting_spec (ViaSetting setting);
/* VIA_SETTINGS if there is none of that name. */
ViaSetting via_setting_from_name (const gchar *name);
/* @text as it is kept: "1" becomes "true". NULL with error SYNTAX, SETTING or
 * what the rule says. @text is not empty. (transfer full) */
gchar *via_setting_read (ViaSetting setting, const gchar *text, GError **error);
/* What may be shown of @text (nullable). (transfer full) */
gchar *via_setting_show (ViaSetting setting, const gchar *text);

/* What is kept, as a value. */
gboolean via_setting_boolean (const gchar *text);
gint via_setting_number (const gchar *text);
gint via_setting_enum (ViaSetting setting, const gchar *text);

/* A PEM text or the name of a file with one. (transfer full) */
gchar *via_setting_pem (const gchar *text, GError **error);
#define VIA_SETTING_MAX_PROFILES 8
/* "AEAD_AES_128_GCM,…" → ended by VIA_SRTP_NONE. Errors: SETTING. */
gboolean via_setting_profiles (const gchar *text,
    ViaSrtpProfile out[VIA_SETTING_MAX_PROFILES + 1], GError **error);

G_END_DECLS
