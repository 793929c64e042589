/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/qrcode.h – a text as the picture of a QR code. Pure.
 * ISO/IEC 18004 (by libqrencode)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_QRCODE_MAX 1024 /* bytes: more is too fine for a telephone */

/* An SVG image of the code of @text (@len bytes of UTF-8, no NUL), with the
 * quiet zone around it, black on white. NULL with error: SYNTAX, it is empty or
 * no UTF-8; LIMIT, it is longer than VIA_QRCODE_MAX. (transfer full) */
gchar *via_qrcode_svg (const gchar *text, gsize len, GError **error);

G_END_DECLS
