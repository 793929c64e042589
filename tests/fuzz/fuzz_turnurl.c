/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_turnurl.c – any bytes as a server address; no error shows what
 * stands where a password stands.
 */
#include "fuzz.h"

#include "ice/turnurl.h"

#include <string.h>

static void
check_server (const ViaIceServer *server)
{
  g_assert_cmpuint (server->port, !=, 0);
  g_assert_cmpuint (strlen (server->host), >, 0);
  g_assert_true (g_utf8_validate (server->host, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text =
      g_strndup (size > 0 ? (const gchar *) data : "", size);
  g_autofree gchar *secret =
      g_strconcat ("user:canary-7Qx", text, "@host", NULL);
  g_autofree gchar *masked = via_turn_url_mask (secret);
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaIceServer) turn = via_turn_url_parse (text, NULL);
  g_autoptr (ViaIceServer) stun = via_stun_url_parse (text, NULL);
  g_autoptr (ViaIceServer) hidden = via_turn_url_parse (secret, &error);

  ViaIceServer **several = via_turn_urls_parse (text, NULL);

  g_assert_null (strstr (masked, "canary"));
  for (guint i = 0; several != NULL && several[i] != NULL; i++)
    check_server (several[i]);
  via_ice_servers_free (several);
  if (turn != NULL) {
    check_server (turn);
    g_assert_nonnull (turn->user);
    g_assert_true (g_utf8_validate (turn->password, -1, NULL));
  }
  if (stun != NULL)
    check_server (stun);
  if (hidden == NULL)
    g_assert_null (strstr (error->message, "canary"));
  return 0;
}
