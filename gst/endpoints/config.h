/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/config.h – what the administrator set: files and environment, and
 * which of them wins. Knows no elements; paths and environment are handed in.
 * docs/configuration.md
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_CONFIG_COMMON "common" /* the group for all elements */
#define VIA_CONFIG_VARIABLE "VIA_CONFIG"

typedef struct
{
  gchar **files;   /* lowest first; one that is not there is no fault */
  gchar **named;   /* above them; one that cannot be read is a fault */
  gchar **environ; /* "VIA_PORT=8889"; above all */
} ViaConfigSources;

/* The process's own: via/via.conf of the system's directories and the user's
 * (XDG), what VIA_CONFIG names (a list, divided by ':'), the environment. */
void via_config_sources_default (ViaConfigSources *out);
void via_config_sources_clear (ViaConfigSources *self);

/* One value, or a fault. */
typedef struct
{
  gchar *group;    /* (nullable) of an element, VIA_CONFIG_COMMON; NULL: of
                      every element, by environment */
  gchar *property; /* (nullable) NULL: a fault */
  gchar *value;    /* secret, perhaps; of a fault what is wrong, in words */
  gchar *origin;   /* "/etc/xdg/via/via.conf:12", "environment VIA_PORT" */
} ViaConfigItem;

/* ViaConfigItem: what stands later wins, but for an element's own group against
 * VIA_CONFIG_COMMON in one file, where the group wins. Waits for the disk. Any
 * thread. (transfer full) */
GPtrArray *via_config_load (const ViaConfigSources *sources);

/* Those for @property of @element, lowest first; several may be bad. Pointers
 * into @all, nothing owned. (transfer container) */
GPtrArray *via_config_find (
    const GPtrArray *all, const gchar *element, const gchar *property);

/* --- configkurento.c: WebRtcEndpoint.conf.ini and BaseRtpEndpoint.conf.ini ---
 */

/* What Kurento's @key means here: the property, or NULL if it is no key of
 * Kurento's. *out_value: as the property takes it, or, if *out_why is set,
 * NULL: the value, or the key, is of no use, and why. @port: of stunServerPort,
 * NULL if there is none. (transfer none) */
const gchar *via_config_kurento (const gchar *key, const gchar *value,
    const gchar *port, gchar **out_value, const gchar **out_why);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaConfigSources, via_config_sources_clear)
