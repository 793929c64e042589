/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/serverurl.h – the address under which a server tells others of itself.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "http://192.0.2.1:8889/live/"; @address: an IP literal it listens on, where a
 * wildcard stands for one of this machine's own. (transfer full) */
gchar *via_serverurl_new (
    const gchar *address, guint port, gboolean is_tls, const gchar *path);

G_END_DECLS
