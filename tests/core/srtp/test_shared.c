/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/srtp/test_shared.c – another user of the process, such as a stock
 * plugin, initialised libsrtp2 before us.
 */
#include "srtp/session.h"

#include <srtp2/srtp.h>
#include <string.h>

static void
fill_keys (ViaSrtpKeys *keys, guint8 local, guint8 remote)
{
  memset (keys, 0, sizeof *keys);
  keys->profile = VIA_SRTP_AEAD_AES_128_GCM;
  memset (keys->local_key, local, sizeof keys->local_key);
  memset (keys->local_salt, local, sizeof keys->local_salt);
  memset (keys->remote_key, remote, sizeof keys->remote_key);
  memset (keys->remote_salt, remote, sizeof keys->remote_salt);
}

static void
test_session_after_another_user_protects_and_unprotects (void)
{
  ViaSrtpKeys here, there;
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaSrtp) sender = NULL;
  g_autoptr (ViaSrtp) receiver = NULL;
  const guint8 plain[16] = {
      0x80, 96, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 'v', 'i', 'a', '!'};
  guint8 packet[64];
  gsize len = sizeof plain;

  g_assert_cmpint (srtp_init (), ==, srtp_err_status_ok);
  fill_keys (&here, 1, 2);
  fill_keys (&there, 2, 1);
  sender = via_srtp_new (&here, &error);
  g_assert_no_error (error);
  receiver = via_srtp_new (&there, &error);
  g_assert_no_error (error);
  memcpy (packet, plain, len);
  g_assert_true (via_srtp_protect (sender, packet, &len, sizeof packet));
  g_assert_cmpuint (len, ==, sizeof plain + 16);
  g_assert_cmpint (
      via_srtp_unprotect (receiver, packet, &len), ==, VIA_DROP_NONE);
  g_assert_cmpmem (packet, len, plain, sizeof plain);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/srtp/shared", test_session_after_another_user_protects_and_unprotects);
  return g_test_run ();
}
