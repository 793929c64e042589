/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/srtpkeys.h – SRTP protection profiles and the keys DTLS gave.
 * Values; wiped when cleared.
 * RFC 5764 §4.1.2, §4.2 · RFC 7714 §12
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* IANA numbers of the DTLS-SRTP protection profiles. */
typedef enum
{
  VIA_SRTP_NONE = 0,
  VIA_SRTP_AES128_CM_SHA1_80 = 0x0001,
  VIA_SRTP_AEAD_AES_128_GCM = 0x0007,
  VIA_SRTP_AEAD_AES_256_GCM = 0x0008,
} ViaSrtpProfile;

#define VIA_SRTP_MAX_KEY 32
#define VIA_SRTP_MAX_SALT 14

typedef struct
{
  ViaSrtpProfile profile;
  guint8 local_key[VIA_SRTP_MAX_KEY], local_salt[VIA_SRTP_MAX_SALT];
  guint8 remote_key[VIA_SRTP_MAX_KEY], remote_salt[VIA_SRTP_MAX_SALT];
} ViaSrtpKeys;

/* "AEAD_AES_128_GCM" …; static. NULL for a number we do not do. */
const gchar *via_srtp_profile_name (ViaSrtpProfile profile);
ViaSrtpProfile via_srtp_profile_from_name (const gchar *name);
gsize via_srtp_key_len (ViaSrtpProfile profile);  /* bytes */
gsize via_srtp_salt_len (ViaSrtpProfile profile); /* bytes */
/* Overwrites every byte of the keys. */
void via_srtp_keys_wipe (ViaSrtpKeys *self);

G_END_DECLS
