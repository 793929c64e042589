/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/certs.h – an authority and certificates it signed, as files.
 */
#pragma once

#include <glib.h>

typedef struct
{
  gchar *directory;
  gchar *ca;       /* PEM of the authority */
  gchar *stranger; /* PEM of another authority */
} Certs;

/* In a new directory under the temporary one. */
void certs_init (Certs *self);
void certs_clear (Certs *self);
/* Certificate and key in one PEM file, signed by the authority. @names: as in
 * "DNS:turn.test,IP:127.0.0.1". @days: from now, negative: it ended then.
 * (transfer full): the path. */
gchar *certs_make (Certs *self, const gchar *names, gint days);
