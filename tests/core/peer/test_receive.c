/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – what we take from a far end that sends, and what we ask of it.
 */
#include "wire.h"

/* --- key frames --- */

static void
test_receive_wanted_key_frame_reaches_the_sender (void)
{
  Wire w;

  wire_call (&w);
  wire_video (&w, 0);
  wire_pump (&w);
  w.keyframes[SERVER][1] = 0;
  for (guint i = 0; i < 10; i++)
    via_peer_want_keyframe (w.peers[VIEWER], 1, w.now);
  via_peer_want_keyframe (w.peers[VIEWER], 0, w.now); /* audio has none */
  via_peer_want_keyframe (w.peers[VIEWER], 9, w.now); /* no such m-line */
  wire_pump (&w);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  g_assert_cmpuint (w.keyframes[SERVER][0], ==, 0);
  wire_pass (&w, 2500 * MS); /* none comes: asked each second */
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 3);
  wire_pass (&w, 60 * VIA_S);
  g_assert_cmpuint (w.keyframes[SERVER][1], <=, VIA_KEYASK_TRIES);
  wire_clear (&w);
}

static void
set_feedback (Wire *w, ViaFeedback feedback)
{
  ViaPlanMedia *media = via_plan_media (w->plans[VIEWER], 1);

  for (guint i = 0; i < media->codecs->len; i++)
    g_array_index (media->codecs, ViaPlanCodec, i).feedback = feedback;
  g_assert_true (via_peer_apply (w->peers[VIEWER], w->plans[VIEWER], NULL));
}

static void
test_receive_key_frame_is_asked_for_as_agreed (void)
{
  static const ViaFeedback agreed[] = {
      VIA_FEEDBACK_PLI | VIA_FEEDBACK_FIR, VIA_FEEDBACK_FIR, 0};

  for (guint i = 0; i < G_N_ELEMENTS (agreed); i++) {
    ViaSender *sender;
    Wire w;

    wire_call (&w);
    set_feedback (&w, agreed[i]);
    wire_video (&w, 0);
    wire_pump (&w);
    via_peer_want_keyframe (w.peers[VIEWER], 1, w.now);
    wire_pump (&w);
    wire_pass (&w, 1500 * MS);
    sender = via_peer_sender (w.peers[SERVER], 1);
    g_assert_cmpuint (sender->counts.plis, ==, i == 0 ? 2 : 0);
    g_assert_cmpuint (sender->counts.firs, ==, i == 1 ? 2 : 0);
    /* two FIRs are two commands, so two events beside the first */
    g_assert_cmpuint (w.keyframes[SERVER][1], ==, i == 2 ? 1 : 3);
    wire_clear (&w);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/peer/receive/" path, func)
  ADD ("key-frame", test_receive_wanted_key_frame_reaches_the_sender);
  ADD ("key-frame-how", test_receive_key_frame_is_asked_for_as_agreed);
  return g_test_run ();
}
