/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/error.c – the GError domain.
 */
#include "base/error.h"

G_DEFINE_QUARK (via - error - quark, via_error)
