/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/ask.h – a small HTTP client on 127.0.0.1 that shows every byte.
 */
#pragma once

#include <gio/gio.h>

GSocketConnection *via_test_dial (guint port);
void via_test_say (GSocketConnection *c, const gchar *text);
/* Everything until the server closes. (transfer full) */
gchar *via_test_hear (GIOStream *c);
/* One request and its whole reply. @headers: lines with CRLF, or NULL.
 * (transfer full) */
gchar *via_test_ask (guint port, const gchar *method, const gchar *path,
    const gchar *headers, const gchar *body);
/* 0: no HTTP reply. */
guint via_test_status (const gchar *reply);
/* (transfer full) (nullable) */
gchar *via_test_header (const gchar *reply, const gchar *name);
const gchar *via_test_body (const gchar *reply);
