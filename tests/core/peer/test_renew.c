/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – the BUNDLE-tagged m-line goes, and the far end ends its DTLS
 * association and begins another one, as Chromium does.
 */
#include "wire.h"

#include "peer/renew.h"

#define FLIGHT 200 /* bytes; a whole handshake record at least */

/* The audio, m-line 0, is stopped: the video has the tag. */
static void
tag_moves (Wire *w, guint who)
{
  ViaPlan *plan = via_plan_copy (w->plans[who]);
  g_autoptr (GError) error = NULL;

  via_plan_media (plan, 0)->is_rejected = TRUE;
  g_assert_true (via_peer_apply (w->peers[who], plan, &error));
  g_assert_no_error (error);
  via_plan_free (plan);
  wire_pump (w);
}

/* @who is replaced by a peer that knows nothing of the old association, of
 * which only close_notify arrives (@is_told). */
static void
begins_anew (Wire *w, guint who, gboolean is_told)
{
  guint8 out[VIA_PEER_DATAGRAM];
  gsize len;

  via_peer_close (w->peers[who], w->now);
  while ((len = via_peer_next (w->peers[who], out, sizeof out, w->now)) > 0)
    if (is_told && out[0] == 21)
      wire_put (w, !who, out, len);
  via_peer_free (w->peers[who]);
  w->peers[who] = wire_peer (w, who);
  g_assert_true (via_peer_apply (w->peers[who], w->plans[who], NULL));
  wire_pump (w);
}

static guint
handshakes (Wire *w, guint who)
{
  return w->peers[who]->n_associations;
}

static void
assert_goes_on (Wire *w)
{
  guint n = w->rtp[VIEWER]->len;
  guint16 last = n > 0 ? wire_rtp (w, VIEWER, n - 1)->seq : 0;

  for (guint32 i = 0; i < 20; i++) {
    g_assert_true (wire_video (w, n + i));
    wire_pass (w, 4 * MS);
  }
  g_assert_cmpuint (w->rtp[VIEWER]->len, ==, n + 20);
  if (n > 0)
    g_assert_cmpuint (wire_rtp (w, VIEWER, n)->seq, ==, (guint16) (last + 1));
}

/* --- the other one begins anew --- */

static void
test_renew_far_client_begins_anew_media_goes_on (void)
{
  Wire w;
  guint n_states;

  wire_call (&w);
  assert_goes_on (&w);
  n_states = w.states[SERVER];
  tag_moves (&w, SERVER);
  begins_anew (&w, VIEWER, TRUE);
  g_assert_cmpuint (w.paths[SERVER], ==, 1);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CONNECTED);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 1);
  via_peer_path_ready (w.peers[VIEWER], w.now);
  wire_pump (&w);
  g_assert_cmpint (via_peer_state (w.peers[VIEWER]), ==, VIA_PEER_CONNECTED);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 2);
  g_assert_cmpuint (w.states[SERVER], ==, n_states);
  assert_goes_on (&w);
  begins_anew (&w, VIEWER, TRUE); /* once only */
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CLOSED);
  wire_clear (&w);
}

static void
test_renew_far_server_begins_anew_we_say_hello (void)
{
  Wire w;

  wire_call (&w);
  tag_moves (&w, VIEWER);
  begins_anew (&w, SERVER, TRUE);
  g_assert_cmpint (via_peer_state (w.peers[VIEWER]), ==, VIA_PEER_CONNECTED);
  via_peer_path_ready (w.peers[SERVER], w.now);
  wire_pass (&w, VIA_S);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CONNECTED);
  g_assert_cmpuint (handshakes (&w, VIEWER), ==, 2);
  g_assert_true (via_peer_bind (
      w.peers[SERVER], 1, &(ViaCodec){VIA_CODEC_VP8, 90000, 0, NULL}));
  assert_goes_on (&w);
  wire_clear (&w);
}

/* close_notify was lost: the hello tells, the old keys hold until then. */
static void
test_renew_hello_alone_begins_anew (void)
{
  Wire w;

  wire_call (&w);
  tag_moves (&w, SERVER);
  assert_goes_on (&w);
  begins_anew (&w, VIEWER, FALSE);
  g_assert_cmpuint (w.paths[SERVER], ==, 0);
  via_peer_path_ready (w.peers[VIEWER], w.now);
  wire_pump (&w);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 2);
  assert_goes_on (&w);
  wire_clear (&w);
}

/* --- an offer of ours moves the tag: the answer may come after the end --- */

static void
test_renew_offered_is_enough (void)
{
  Wire w;
  ViaPlan *plan;

  wire_call (&w);
  plan = via_plan_copy (w.plans[SERVER]);
  via_plan_media (plan, 0)->is_rejected = TRUE;
  via_peer_offered (w.peers[SERVER], plan);
  via_plan_free (plan);
  wire_pump (&w);
  begins_anew (&w, VIEWER, TRUE);
  via_peer_path_ready (w.peers[VIEWER], w.now);
  wire_pump (&w);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 2);
  assert_goes_on (&w);
  wire_clear (&w);
}

/* --- and otherwise it is the end, as before --- */

static void
test_renew_not_without_a_moved_tag (void)
{
  Wire w;

  for (guint late = 0; late < 2; late++) {
    wire_call (&w);
    if (late) {
      tag_moves (&w, SERVER);
      wire_pass (&w, VIA_RENEW_WINDOW + VIA_S);
    }
    begins_anew (&w, VIEWER, TRUE);
    g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CLOSED);
    g_assert_cmpuint (w.paths[SERVER], ==, 0);
    wire_clear (&w);
  }
}

static void
test_renew_nobody_begins_is_closed_after_5_s (void)
{
  Wire w;

  wire_call (&w);
  tag_moves (&w, SERVER);
  begins_anew (&w, VIEWER, TRUE);
  wire_pass (&w, VIA_RENEW_SILENCE - MS);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CONNECTED);
  wire_pass (&w, 2 * MS);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CLOSED);
  g_assert_false (wire_video (&w, 0));
  wire_clear (&w);
}

/* --- hostile --- */

static void
test_renew_another_certificate_gets_nothing (void)
{
  Wire w;
  g_autoptr (GError) error = NULL;

  wire_call (&w);
  assert_goes_on (&w);
  tag_moves (&w, SERVER);
  via_identity_unref (w.ids[VIEWER]);
  w.ids[VIEWER] = via_identity_new (WIRE_UNIX_S, &error);
  g_assert_no_error (error);
  begins_anew (&w, VIEWER, TRUE);
  via_peer_path_ready (w.peers[VIEWER], w.now);
  wire_pass (&w, 40 * VIA_S);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 1);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_FAILED);
  g_assert_false (wire_video (&w, 0));
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 20);
  wire_clear (&w);
}

/* An outsider's hellos neither end the call nor are answered for ever. */
static void
test_renew_forged_hellos_are_bounded (void)
{
  Wire w;
  guint n_paths;
  guint8 hello[FLIGHT] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      FLIGHT - 13, 1, 0, 0, FLIGHT - 25, 0, 0, 0, 0, 0, 0, 0, FLIGHT - 25};

  wire_call (&w);
  tag_moves (&w, SERVER);
  for (guint i = 0; i < 200; i++) {
    hello[30] = (guint8) i;
    wire_put (&w, SERVER, hello, sizeof hello);
    wire_pass (&w, 250 * MS);
  }
  n_paths = w.paths[SERVER];
  g_assert_cmpuint (n_paths, >=, 1);
  g_assert_cmpuint (n_paths, <=, VIA_RENEW_TRIES);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 1);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CONNECTED);
  assert_goes_on (&w);
  wire_clear (&w);
}

static void
test_renew_hello_without_a_moved_tag_changes_nothing (void)
{
  Wire w;

  wire_call (&w);
  begins_anew (&w, VIEWER, FALSE);
  via_peer_path_ready (w.peers[VIEWER], w.now);
  wire_pass (&w, VIA_S);
  g_assert_cmpuint (handshakes (&w, SERVER), ==, 1);
  g_assert_cmpuint (w.paths[SERVER], ==, 0);
  g_assert_cmpint (via_peer_state (w.peers[VIEWER]), ==, VIA_PEER_CONNECTING);
  wire_clear (&w);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/renew/" name, test_renew_##func)
  ADD ("client", far_client_begins_anew_media_goes_on);
  ADD ("server", far_server_begins_anew_we_say_hello);
  ADD ("hello", hello_alone_begins_anew);
  ADD ("offered", offered_is_enough);
  ADD ("end", not_without_a_moved_tag);
  ADD ("silence", nobody_begins_is_closed_after_5_s);
  ADD ("certificate", another_certificate_gets_nothing);
  ADD ("forged", forged_hellos_are_bounded);
  ADD ("no-tag", hello_without_a_moved_tag_changes_nothing);
  return g_test_run ();
}
