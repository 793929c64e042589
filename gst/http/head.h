/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/head.h – reads the head of a request before libsoup sees it, and lets
 * only well-formed ones through: libsoup 3.2 leaks what it refuses itself.
 * Knows no address and no meaning of a request. RFC 9112 §2, §5, §6
 */
#pragma once

#include <gio/gio.h>
#include "base/error.h"

G_BEGIN_DECLS

#define VIA_HEAD_BYTES_MAX (16 * 1024)
#define VIA_HEAD_FIELDS_MAX 64

/* Is @text, from the request line to the empty line, framed without doubt?
 * SYNTAX names the rule; LIMIT: too many fields. Pure. */
gboolean via_head_check (const gchar *text, gsize len, GError **error);

/* Reads a head from @stream and calls back on the thread's default context.
 * @n_read: told how many bytes came, until then. */
void via_head_read_async (GIOStream *stream, GCancellable *cancellable,
    gsize *n_read, GAsyncReadyCallback callback, gpointer user);
/* A stream that gives the head again, and then what follows. Errors: SYNTAX;
 * LIMIT – more than VIA_HEAD_BYTES_MAX; IO – it ended before. (transfer full)
 */
GIOStream *via_head_read_finish (GAsyncResult *result, GError **error);
/* The stream that _read_finish gave gives @bytes more from now on, then fails.
 * Without this there is no bound. Returns what it had left. */
gsize via_head_stream_allow (GIOStream *stream, gsize bytes);

G_END_DECLS
