/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/responder.h – answers mDNS questions for names like
 * "ip-192-0-2-77.local" with the address they spell.
 */
#pragma once

#include <glib.h>

typedef struct
{
  GThread *thread;
  gint fd, stop[2];
  guint ignored; /* questions it does not answer at first */
  gint n_asked;  /* atomic */
} Responder;

/* On the network of 192.0.2.1 (netns.h). */
void responder_start (Responder *self, guint ignored);
void responder_stop (Responder *self);
