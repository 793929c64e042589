/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/error.c – the GError domain.
 */
#include "base/error.h"

/* By hand: the formatter would put spaces into G_DEFINE_QUARK's name. */
GQuark
via_error_quark (void)
{
  return g_quark_from_static_string ("via-error-quark");
}
