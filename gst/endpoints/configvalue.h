/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/configvalue.h – a text of a file or of the environment as the value
 * of a property. Without state; any thread.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* @out: G_VALUE_INIT. "" is the default of @spec; a string is taken as it is,
 * its rule is the element's. FALSE: *out_rule says what @spec wants, for a
 * person; it may be set otherwise, too. (transfer full) */
gboolean via_configvalue_read (
    GParamSpec *spec, const gchar *text, GValue *out, gchar **out_rule);

G_END_DECLS
