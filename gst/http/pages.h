/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/pages.h – the pages built into the plugin (GResource).
 * Knows no socket.
 */
#pragma once

#include "http/reply.h"

G_BEGIN_DECLS

/* FALSE if @request is for no page below /@base/; @reply untouched. "/" and
 * "/@base" lead to "/@base/", which shows @main_page ("watch", "publish"). */
gboolean via_pages_request (const gchar *base, const gchar *main_page,
    const ViaRequest *request, ViaReply *reply);

G_END_DECLS
