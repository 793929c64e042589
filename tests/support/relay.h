/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/relay.h – coturn on 192.0.2.1 of the test's own network.
 */
#pragma once

#include <glib.h>

#define RELAY_USER "kurento"
#define RELAY_PASSWORD "canary-7Qx@z" /* and the secret */

typedef enum
{
  RELAY_PASSWORDS,
  RELAY_SECRET, /* time-limited users made from it */
  RELAY_QUOTA,  /* passwords; one allocation per user */
} RelayAuth;

typedef struct
{
  GPid pid;
  gchar *directory;
} Relay;

/* UDP and TCP on 3478; TLS on 5349 with the certificate and key in @pem, if it
 * is not NULL. FALSE: there is no coturn, the test is skipped. */
gboolean relay_start (Relay *self, const gchar *pem, RelayAuth auth);
void relay_stop (Relay *self);
