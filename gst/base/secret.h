/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/secret.h – texts that are wiped before their memory is given back:
 * tokens, passwords, what has them in it. Values.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Wipes @text, NULL too, and frees it. */
void via_secret_free (gchar *text);
/* The same for all a GString has, also what it is longer than. */
void via_secret_free_string (GString *string);

static inline void
via_secret_clear (gchar **text)
{
  via_secret_free (*text);
  *text = NULL;
}

static inline void
via_secret_clear_string (GString **string)
{
  via_secret_free_string (*string);
  *string = NULL;
}

/* Of a variable: wiped and freed at the end of its scope. */
#define VIA_SECRET __attribute__ ((cleanup (via_secret_clear)))
#define VIA_SECRET_STRING __attribute__ ((cleanup (via_secret_clear_string)))

G_END_DECLS
