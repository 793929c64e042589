/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/srtpkeys.c – the table of SRTP protection profiles.
 * Values; wiped when cleared.
 * RFC 5764 §4.1.2 · RFC 7714 §12, §14.2
 */
#include "base/srtpkeys.h"

#include <string.h>

typedef struct
{
  ViaSrtpProfile profile;
  const gchar *name;
  gsize key_len, salt_len; /* bytes */
} ProfileRow;

static const ProfileRow rows[] = {
    {VIA_SRTP_AES128_CM_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 16, 14},
    {VIA_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12},
    {VIA_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12},
};

static const ProfileRow *
row_of (ViaSrtpProfile profile)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (rows[i].profile == profile)
      return &rows[i];
  }
  return NULL;
}

const gchar *
via_srtp_profile_name (ViaSrtpProfile profile)
{
  const ProfileRow *row = row_of (profile);

  return row != NULL ? row->name : NULL;
}

ViaSrtpProfile
via_srtp_profile_from_name (const gchar *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (rows[i].name, name))
      return rows[i].profile;
  }
  return VIA_SRTP_NONE;
}

gsize
via_srtp_key_len (ViaSrtpProfile profile)
{
  const ProfileRow *row = row_of (profile);

  return row != NULL ? row->key_len : 0;
}

gsize
via_srtp_salt_len (ViaSrtpProfile profile)
{
  const ProfileRow *row = row_of (profile);

  return row != NULL ? row->salt_len : 0;
}

void
via_srtp_keys_wipe (ViaSrtpKeys *self)
{
  /* Not memset: that may be optimised away before a free. */
  explicit_bzero (self, sizeof *self);
}
