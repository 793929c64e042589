/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_events.c – telephone-event that a peer sends beside its
 * sound reaches the others of its room as such (RFC 4733 §2.1).
 */
#include "endpoints/received.h"
#include "io/app.h"
#include "sdp/plan.h"

#include <gst/gst.h>

typedef struct
{
  guint n_attached, n_packets, n_events;
  ViaCodecId codec;
} Viewer;

static void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Viewer *self = user;

  self->n_attached++;
  self->codec = track->codec.id;
}

static void
on_detach (gpointer user, ViaKind kind, guint slot)
{
}

static void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  Viewer *self = user;

  for (guint i = 0; i < n; i++) {
    self->n_packets++;
    self->n_events += packets[i]->is_event;
    g_assert_cmpint (packets[i]->is_event, ==, packets[i]->data[1] == 110);
  }
}

static const ViaMemberFuncs viewer_funcs = {
    .attach = on_attach, .detach = on_detach, .packets = on_packets};

typedef struct
{
  ViaLoop *loop;
  ViaExchange *room;
  ViaMember *publisher, *taker;
  ViaPlan *plan;
  ViaReceived *received;
  Viewer viewer;
} Fixture;

static void
on_want (gpointer user, guint media)
{
}

/* An offer of ours stands for what was agreed: Opus 111, events 110 and 126. */
static ViaPlan *
make_plan (void)
{
  static const ViaCodecId audio[] = {
      VIA_CODEC_OPUS, VIA_CODEC_PCMU, VIA_CODEC_EVENT};
  ViaPlanLocal local = {.audio_codecs = audio,
      .n_audio_codecs = G_N_ELEMENTS (audio),
      .direction = VIA_DIRECTION_SENDRECV,
      .n_audio = 1};
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 7);
  return via_plan_offer (&local, &rng.parent);
}

static void
begin (gpointer data)
{
  Fixture *f = data;

  f->received = via_received_new (f->loop, on_want, f);
  via_received_set_member (f->received, VIA_RECEIVED_HUB, f->publisher);
  via_received_follow (f->received, f->plan);
}

static void
end (gpointer data)
{
  Fixture *f = data;

  via_received_free (f->received);
}

static void
receive (Fixture *f, guint8 pt)
{
  guint8 data[16] = {0x80, pt, 0, 1, 0, 0, 0, 160, 0, 0, 0, 5, 1, 2, 3, 4};
  ViaPeerMedia media = {.is_key = TRUE};

  g_assert_true (via_rtp_view (&media.rtp, data, sizeof data));
  via_received_media (f->received, &media);
}

/* An event alone is no track. */
static void
send_first (gpointer data)
{
  receive (data, 110);
  receive (data, 111);
}

/* 110 goes beside Opus, 126 has the rate of PCMU. */
static void
send_next (gpointer data)
{
  receive (data, 110);
  receive (data, 126);
  receive (data, 111);
}

static void
nothing (gpointer data)
{
}

static void
wait_for (Fixture *f, const guint *count, guint wanted)
{
  for (guint i = 0; *count < wanted && i < 2000; i++) {
    g_usleep (1000);
    via_loop_call (f->loop, nothing, NULL); /* it counts there */
  }
  g_assert_cmpuint (*count, ==, wanted);
}

static void
test_events_reach_the_room_beside_their_track (void)
{
  Fixture f = {0};
  g_autoptr (GError) error = NULL;

  via_app_acquire ();
  f.loop = via_loop_acquire ();
  f.room = via_exchange_new ();
  f.plan = make_plan ();
  f.publisher = via_exchange_join (
      f.room, NULL, "publisher", NULL, &(ViaMemberFuncs){0}, NULL, &error);
  g_assert_no_error (error);
  f.taker = via_exchange_join (
      f.room, f.loop, "viewer", NULL, &viewer_funcs, &f.viewer, &error);
  g_assert_no_error (error);
  via_member_set_slots (f.taker, VIA_KIND_AUDIO, 1);
  via_loop_call (f.loop, begin, &f);
  via_loop_call (f.loop, send_first, &f);
  wait_for (&f, &f.viewer.n_attached, 1);
  wait_for (&f, &f.viewer.n_packets, 1); /* it waited for the viewer */
  via_loop_call (f.loop, send_next, &f);
  wait_for (&f, &f.viewer.n_packets, 3);
  via_loop_call (f.loop, end, &f);
  via_member_leave (f.taker);
  via_member_leave (f.publisher);
  g_assert_cmpuint (f.viewer.n_attached, ==, 1);
  g_assert_cmpint (f.viewer.codec, ==, VIA_CODEC_OPUS);
  g_assert_cmpuint (f.viewer.n_events, ==, 1);
  via_plan_free (f.plan);
  via_exchange_unref (f.room);
  via_loop_release (f.loop);
  via_app_release ();
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/events/room", test_events_reach_the_room_beside_their_track);
  return g_test_run ();
}
