/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/qrcode.c – a text as the picture of a QR code: libqrencode says which
 * modules are black, here they become an SVG image. Pure.
 * ISO/IEC 18004
 */
#include "http/qrcode.h"

#include <qrencode.h>

#include "base/error.h"

#define QUIET 4    /* white modules around it (ISO/IEC 18004 §9.1) */
#define IS_BLACK 1 /* in a module */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (QRcode, QRcode_free)

/* A rectangle for each run of black modules of a row. */
static void
append_row (GString *out, const QRcode *code, gint row)
{
  const guchar *modules = code->data + row * code->width;

  for (gint at = 0, end; at < code->width; at = end) {
    gboolean is_black = (modules[at] & IS_BLACK) != 0;

    end = at + 1;
    while (end < code->width && ((modules[end] & IS_BLACK) != 0) == is_black)
      end++;
    if (is_black)
      g_string_append_printf (
          out, "M%d %dh%dv1h-%dz", at + QUIET, row + QUIET, end - at, end - at);
  }
}

gchar *
via_qrcode_svg (const gchar *text, gsize len, GError **error)
{
  g_autofree gchar *copy = NULL;
  g_autoptr (QRcode) code = NULL;
  GString *out;
  gint size;

  if (len > VIA_QRCODE_MAX) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "A QR code has at most %d bytes here", VIA_QRCODE_MAX);
    return NULL;
  }
  if (len == 0 || !g_utf8_validate (text, (gssize) len, NULL)) {
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_SYNTAX, "A QR code needs a text in UTF-8");
    return NULL;
  }
  copy = g_strndup (text, len);
  code = QRcode_encodeString8bit (copy, 0, QR_ECLEVEL_M);
  g_assert (code != NULL); /* so much always fits */
  size = code->width + 2 * QUIET;
  out = g_string_new (NULL);
  g_string_append_printf (out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
      "shape-rendering=\"crispEdges\"><path fill=\"#fff\" "
      "d=\"M0 0h%dv%dh-%dz\"/><path d=\"",
      size, size, size, size, size);
  for (gint row = 0; row < code->width; row++)
    append_row (out, code, row);
  g_string_append (out, "\"/></svg>\n");
  return g_string_free (out, FALSE);
}
