/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/secret.c – texts that are wiped before their memory is given back.
 */
#include "base/secret.h"

#include <string.h>

void
via_secret_free (gchar *text)
{
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  g_free (text);
}

void
via_secret_free_string (GString *string)
{
  if (string == NULL)
    return;
  explicit_bzero (string->str, string->allocated_len);
  g_string_free (string, TRUE);
}
