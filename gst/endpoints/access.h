/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/access.h – properties of a webrtcserver about who may enter and how
 * it is reached from elsewhere. Any thread.
 */
#pragma once

#include <gst/gst.h>
#include "http/server.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_ACCESS_TOKENS,
  VIA_ACCESS_ALLOW_ORIGIN,
  VIA_ACCESS_PUBLIC_URL,
  VIA_ACCESS_TRUSTED_PROXIES,
  VIA_ACCESS_TLS_CERTIFICATE,
  VIA_ACCESS_TEXTS,
} ViaAccessText;

/* Embed in the instance; guarded by its own lock. */
typedef struct
{
  GMutex lock;
  gchar *texts[VIA_ACCESS_TEXTS]; /* nullable */
  guint max_per_address, max_rate;
  gboolean strict_etag, counter_offer;
} ViaAccess;

/* What a server is started with; its strings are the config's gate's too. */
typedef struct
{
  gchar *texts[VIA_ACCESS_TEXTS];
} ViaAccessCopy;

void via_access_init (ViaAccess *self);
void via_access_clear (ViaAccess *self);
void via_access_install_properties (GObjectClass *klass);
/* FALSE: not one of those properties. A value that is wrong is refused with a
 * WARNING in the log that shows no token; the old one stays. */
gboolean via_access_set_property (
    ViaAccess *self, GObject *object, guint id, const GValue *value);
gboolean via_access_get_property (ViaAccess *self, guint id, GValue *value);
/* Fills in @out; its strings live in @copy. Reads the file that tokens may be
 * in. SETTING: names the file. */
gboolean via_access_apply (
    ViaAccess *self, ViaHttpConfig *out, ViaAccessCopy *copy, GError **error);
void via_access_copy_clear (ViaAccessCopy *copy);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaAccessCopy, via_access_copy_clear)
