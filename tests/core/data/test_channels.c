/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: data/channels – two ends over a wire that hands messages over as SCTP
 * would: whole, in order, and stream resets.
 */
#include "ends.h"

typedef struct
{
  End a, b;     /* @a is the DTLS client */
  guint n_sent; /* messages on the wire, DCEP too */
  gint last_stream;
  guint32 last_ppid;
  gboolean last_is_unordered;
} Pair;

static void
pair_init (Pair *self)
{
  memset (self, 0, sizeof *self);
  end_init (&self->a);
  end_init (&self->b);
}

static void
pair_clear (Pair *self)
{
  end_clear (&self->a);
  end_clear (&self->b);
}

static void
pair_up (Pair *self)
{
  via_channels_up (self->a.channels, TRUE, 1024, 0);
  via_channels_up (self->b.channels, FALSE, 1024, 0);
}

/* One thing from @from to @to. FALSE: there was none. */
static gboolean
carry (Pair *self, End *from, End *to)
{
  ViaChannelsOut out;

  if (!via_channels_next (from->channels, &out))
    return FALSE;
  if (out.is_reset) {
    for (guint i = 0; i < out.n_streams; i++)
      via_channels_peer_reset (to->channels, out.streams[i]);
    via_channels_done (from->channels);
    for (guint i = 0; i < out.n_streams; i++)
      via_channels_reset_done (from->channels, out.streams[i]);
  } else {
    self->n_sent++;
    self->last_stream = out.stream;
    self->last_ppid = out.ppid;
    self->last_is_unordered = out.is_unordered;
    via_channels_receive (
        to->channels, out.stream, out.ppid, out.data, out.len, TRUE);
    via_channels_done (from->channels);
  }
  return TRUE;
}

static void
pair_run (Pair *self)
{
  gboolean goes_on;

  do {
    goes_on = carry (self, &self->a, &self->b);
    goes_on |= carry (self, &self->b, &self->a);
    end_listen (&self->a);
    end_listen (&self->b);
  } while (goes_on);
}

static void
test_channels_open_on_both_sides_with_what_was_wished (void)
{
  const ViaChannelWish wish = {.label = "chat",
      .protocol = "p1",
      .is_unordered = TRUE,
      .reliability = VIA_DCEP_LIFETIME,
      .limit = 250};
  Pair pair;

  pair_init (&pair);
  g_assert_cmpuint (end_open (&pair.a, &wish), ==, 0);
  pair_run (&pair);
  g_assert_cmpuint (pair.a.n_opened, ==, 0); /* there is no association */
  pair_up (&pair);
  pair_run (&pair);
  g_assert_cmpuint (pair.a.n_opened, ==, 1);
  g_assert_cmpuint (pair.b.n_opened, ==, 1);
  g_assert_cmpstr (pair.b.last.label, ==, "chat");
  g_assert_cmpstr (pair.b.last.protocol, ==, "p1");
  g_assert_true (pair.b.last.is_unordered);
  g_assert_cmpint (pair.b.last.reliability, ==, VIA_DCEP_LIFETIME);
  g_assert_cmpuint (pair.b.last.limit, ==, 250);
  g_assert_false (pair.b.last.is_ours);
  pair_clear (&pair);
}

static void
test_channels_of_both_sides_have_streams_of_their_own (void)
{
  const ViaChannelWish wish = {.label = "x"};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  for (guint i = 0; i < 3; i++) {
    end_open (&pair.a, &wish);
    end_open (&pair.b, &wish);
  }
  pair_run (&pair);
  g_assert_cmpuint (via_channels_size (pair.a.channels), ==, 6);
  g_assert_cmpuint (via_channels_size (pair.b.channels), ==, 6);
  for (guint i = 0; i < 6; i++) {
    const ViaChannelInfo *info = via_channels_info (pair.a.channels, i);

    /* RFC 8832 §6: the DTLS client's are even */
    g_assert_cmpint (info->stream % 2, ==, info->is_ours ? 0 : 1);
    g_assert_cmpint (info->stream, <, 6);
  }
  pair_clear (&pair);
}

static void
test_channels_carry_text_binary_and_nothing (void)
{
  const ViaChannelWish wish = {0};
  const guint8 bytes[] = {0, 0xff, 1};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  end_send (&pair.a, 0, TRUE, "h\xc3\xa9", 3); /* before it is open */
  pair_run (&pair);
  end_send (&pair.a, 0, FALSE, bytes, 3);
  pair_run (&pair);
  g_assert_cmpuint (pair.last_ppid, ==, 53);
  end_send (&pair.b, 0, TRUE, "", 0);
  pair_run (&pair);
  g_assert_cmpuint (pair.last_ppid, ==, 56); /* RFC 8831 §8 */
  end_send (&pair.b, 0, FALSE, "", 0);
  pair_run (&pair);
  g_assert_cmpuint (pair.last_ppid, ==, 57);
  end_got (&pair.b, 0, TRUE, "h\xc3\xa9", 3);
  end_got (&pair.b, 1, FALSE, bytes, 3);
  end_got (&pair.a, 0, TRUE, "", 0);
  end_got (&pair.a, 1, FALSE, "", 0);
  g_assert_cmpuint (
      via_channels_info (pair.a.channels, 0)->messages_sent, ==, 2);
  g_assert_cmpuint (via_channels_info (pair.a.channels, 0)->bytes_sent, ==, 6);
  g_assert_cmpuint (
      via_channels_info (pair.b.channels, 0)->bytes_received, ==, 6);
  g_assert_cmpuint (via_channels_info (pair.b.channels, 0)->bytes_sent, ==, 0);
  pair_clear (&pair);
}

static void
test_channels_unordered_wait_for_the_ack (void)
{
  const ViaChannelWish wish = {.is_unordered = TRUE};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  end_send (&pair.a, 0, TRUE, "1", 1);
  g_assert_true (carry (&pair, &pair.a, &pair.b)); /* OPEN */
  g_assert_true (carry (&pair, &pair.a, &pair.b));
  g_assert_cmpuint (pair.last_ppid, ==, 51);
  g_assert_false (pair.last_is_unordered); /* or it overtakes OPEN */
  pair_run (&pair);
  end_send (&pair.a, 0, TRUE, "2", 1);
  pair_run (&pair);
  g_assert_true (pair.last_is_unordered);
  pair_clear (&pair);
}

static void
test_channels_negotiated_need_no_word (void)
{
  const ViaChannelWish wish = {
      .label = "n", .is_negotiated = TRUE, .stream = 7};
  const ViaChannelWish mine = {.label = "m"};
  g_autoptr (GError) error = NULL;
  Pair pair;

  pair_init (&pair);
  end_open (&pair.a, &wish);
  end_open (&pair.b, &mine);
  end_open (&pair.b, &wish);
  g_assert_cmpint (
      via_channels_create (pair.a.channels, &wish, &error), ==, -1);
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  pair_up (&pair);
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_opened, ==, 1); /* nothing was sent yet */
  end_send (&pair.a, 0, TRUE, "hi", 2);
  pair_run (&pair);
  end_got (&pair.b, 0, TRUE, "hi", 2);
  g_assert_cmpuint (g_array_index (pair.b.ids, guint, 0), ==, 1);
  pair_clear (&pair);
}

static void
test_channels_close_on_both_sides_and_their_ids_are_free_again (void)
{
  const ViaChannelWish wish = {.label = "first"}, next = {.label = "second"};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  end_send (&pair.a, 0, TRUE, "last words", 10);
  g_assert_true (via_channels_close (pair.a.channels, 0));
  g_assert_false (via_channels_close (pair.a.channels, 1));
  pair_run (&pair);
  end_got (&pair.b, 0, TRUE, "last words", 10); /* sent before it closes */
  g_assert_cmpuint (pair.a.n_closed, ==, 1);
  g_assert_cmpuint (pair.b.n_closed, ==, 1);
  g_assert_null (pair.b.why);
  g_assert_cmpuint (via_channels_size (pair.b.channels), ==, 0);
  g_assert_cmpuint (end_open (&pair.a, &next), ==, 0);
  pair_run (&pair);
  g_assert_cmpstr (pair.b.last.label, ==, "second");
  g_assert_cmpint (pair.b.last.stream, ==, 0);
  g_assert_cmpint (pair.b.last.state, ==, VIA_CHANNEL_OPEN);
  pair_clear (&pair);
}

/* RFC 8831 §6.7: a stream is free once both sides were reset, not before. */
static void
test_channels_closed_here_hear_until_they_close_there (void)
{
  const ViaChannelWish wish = {.label = "first"}, next = {.label = "second"};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  via_channels_close (pair.a.channels, 0);
  g_assert_true (carry (&pair, &pair.a, &pair.b)); /* our side is reset */
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_closed, ==, 0);
  via_channels_receive (/* was on its way */
      pair.a.channels, 0, 51, (const guint8 *) "late", 4, TRUE);
  g_assert_cmpuint (end_open (&pair.a, &next), ==, 1);
  end_send (&pair.a, 1, TRUE, "new", 3);
  pair_run (&pair);
  end_got (&pair.a, 0, TRUE, "late", 4);
  end_got (&pair.b, 0, TRUE, "new", 3);
  g_assert_cmpint (via_channels_info (pair.a.channels, 1)->stream, ==, 2);
  g_assert_cmpuint (pair.a.n_closed, ==, 1);
  g_assert_cmpuint (pair.b.n_closed, ==, 1);
  pair_clear (&pair);
}

static void
test_channels_closed_too_early_still_say_what_waits (void)
{
  const ViaChannelWish wish = {.label = "brief"};
  Pair pair;

  pair_init (&pair);
  end_open (&pair.a, &wish);
  end_send (&pair.a, 0, TRUE, "word", 4);
  via_channels_close (pair.a.channels, 0);
  pair_up (&pair);
  pair_run (&pair);
  end_got (&pair.b, 0, TRUE, "word", 4);
  g_assert_cmpuint (pair.a.n_closed, ==, 1);
  g_assert_cmpuint (pair.b.n_closed, ==, 1);
  end_open (&pair.a, &wish);
  via_channels_down (pair.a.channels, NULL);
  end_listen (&pair.a);
  end_open (&pair.a, &wish);
  via_channels_close (pair.a.channels, 0); /* nothing waits, nobody is there */
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_closed, ==, 3);
  g_assert_false (pair.a.last.was_open);
  g_assert_true (pair.b.last.was_open);
  pair_clear (&pair);
}

static void
test_channels_closing_takes_no_more (void)
{
  const ViaChannelWish wish = {0};
  g_autoptr (GBytes) word = g_bytes_new_static ("w", 1);
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  via_channels_close (pair.a.channels, 0);
  end_refuses (&pair.a, 0, TRUE, word, VIA_ERROR_STATE);
  end_refuses (&pair.a, 5, TRUE, word, VIA_ERROR_NOT_FOUND);
  pair_clear (&pair);
}

static void
test_channels_take_turns (void)
{
  const ViaChannelWish wish = {0};
  Pair pair;
  gint streams[4];

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  for (guint i = 0; i < 2; i++) {
    end_send (&pair.a, 0, TRUE, "0", 1);
    end_send (&pair.a, 1, TRUE, "1", 1);
  }
  for (guint i = 0; i < 4; i++) {
    g_assert_true (carry (&pair, &pair.a, &pair.b));
    streams[i] = pair.last_stream;
  }
  for (guint i = 1; i < 4; i++)
    g_assert_cmpint (streams[i], !=, streams[i - 1]);
  pair_clear (&pair);
}

static void
test_channels_say_when_little_waits (void)
{
  const ViaChannelWish wish = {.low_threshold = 10};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  for (guint i = 0; i < 3; i++)
    end_send (&pair.a, 0, TRUE, "12345678", 8);
  g_assert_cmpuint (via_channels_info (pair.a.channels, 0)->buffered, ==, 24);
  carry (&pair, &pair.a, &pair.b);
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_low, ==, 0); /* 16 wait */
  carry (&pair, &pair.a, &pair.b);
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_low, ==, 1);
  carry (&pair, &pair.a, &pair.b);
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_low, ==, 1);
  g_assert_cmpuint (via_channels_info (pair.a.channels, 0)->buffered, ==, 0);
  pair_clear (&pair);
}

static void
test_channels_are_bounded (void)
{
  const ViaChannelWish wish = {0};
  g_autofree gchar *text = g_strnfill (VIA_DCEP_TEXT_MAX + 1, 'x');
  const ViaChannelWish long_label = {.label = text};
  g_autofree guint8 *data = g_malloc0 (VIA_CHANNELS_MESSAGE + 1);
  g_autoptr (GBytes) too_long = g_bytes_new (data, VIA_CHANNELS_MESSAGE + 1);
  g_autoptr (GBytes) most = g_bytes_new (data, VIA_CHANNELS_MESSAGE);
  g_autoptr (GBytes) no_text = g_bytes_new ("\xff", 1);
  g_autoptr (GError) error = NULL, many = NULL;
  Pair pair;

  pair_init (&pair);
  g_assert_cmpint (
      via_channels_create (pair.a.channels, &long_label, &error), ==, -1);
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  for (guint i = 0; i < VIA_CHANNELS_MAX; i++)
    end_open (&pair.a, &wish);
  g_assert_cmpint (via_channels_create (pair.a.channels, &wish, &many), ==, -1);
  g_assert_error (many, VIA_ERROR, VIA_ERROR_LIMIT);
  end_refuses (&pair.a, 0, FALSE, too_long, VIA_ERROR_LIMIT);
  end_refuses (&pair.a, 0, TRUE, no_text, VIA_ERROR_SYNTAX);
  for (guint i = 0; i < VIA_CHANNELS_BUFFER / VIA_CHANNELS_MESSAGE; i++)
    end_send (&pair.a, 0, FALSE, data, VIA_CHANNELS_MESSAGE);
  end_refuses (&pair.a, 0, FALSE, most, VIA_ERROR_LIMIT);
  via_channels_up (pair.b.channels, FALSE, 1024, 1000); /* what @a takes */
  end_open (&pair.b, &wish);
  end_send (&pair.b, 0, FALSE, data, 1000);
  end_refuses (&pair.b, 0, FALSE, most, VIA_ERROR_LIMIT);
  pair_clear (&pair);
}

static void
test_channels_pieces_become_one_message_up_to_the_bound (void)
{
  const ViaChannelWish wish = {0};
  g_autofree guint8 *data = g_malloc0 (VIA_CHANNELS_MESSAGE);
  Pair pair;
  End *b = &pair.b;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  memset (data, 7, VIA_CHANNELS_MESSAGE);
  via_channels_receive (b->channels, 0, 53, data, 200000, FALSE);
  via_channels_receive (b->channels, 0, 53, data + 200000, 62144, TRUE);
  via_channels_receive (b->channels, 0, 53, data, 200000, FALSE);
  via_channels_receive (b->channels, 0, 53, data, 62145, FALSE); /* too long */
  via_channels_receive (b->channels, 0, 53, data, 1, TRUE);
  via_channels_receive (b->channels, 0, 51, (guint8 *) "next", 4, TRUE);
  end_listen (b);
  g_assert_cmpuint (b->messages->len, ==, 2);
  end_got (b, 0, FALSE, data, VIA_CHANNELS_MESSAGE);
  end_got (b, 1, TRUE, "next", 4);
  pair_clear (&pair);
}

/* What was begun and given up spoils nothing of the next. */
static void
test_channels_a_message_that_is_cut_leaves_the_next_whole (void)
{
  const ViaChannelWish wish = {0};
  g_autofree guint8 *data = g_malloc0 (VIA_CHANNELS_MESSAGE);
  Pair pair;
  End *b = &pair.b;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  via_channels_receive (b->channels, 0, 53, data, 3, FALSE);
  via_channels_cut (b->channels, 0);
  via_channels_receive (b->channels, 0, 51, (guint8 *) "one", 3, TRUE);
  for (guint i = 0; i < 2; i++) /* too long already */
    via_channels_receive (
        b->channels, 0, 53, data, VIA_CHANNELS_MESSAGE, FALSE);
  via_channels_cut (b->channels, 0);
  via_channels_receive (b->channels, 0, 51, (guint8 *) "two", 3, TRUE);
  via_channels_cut (b->channels, 0);
  via_channels_cut (b->channels, 7);
  end_listen (b);
  g_assert_cmpuint (b->messages->len, ==, 2);
  end_got (b, 0, TRUE, "one", 3);
  end_got (b, 1, TRUE, "two", 3);
  pair_clear (&pair);
}

static guint64
dropped (const End *end)
{
  guint64 opened, closed, n;

  via_channels_counts (end->channels, &opened, &closed, &n);
  return n;
}

/* OPEN of a reliable, ordered channel without a name. */
static void
receive_open (End *end, guint stream)
{
  static const guint8 open[12] = {3};

  via_channels_receive (end->channels, stream, 50, open, sizeof open, TRUE);
  end_listen (end);
}

static void
test_channels_refuse_what_is_against_the_rules (void)
{
  static const guint8 ack[] = {2}, bad_text[] = {0xc3};
  ViaChannelsOut out;
  Pair pair;
  End *b = &pair.b; /* DTLS server: they open even streams */

  pair_init (&pair);
  pair_up (&pair);
  via_channels_receive (b->channels, 4, 51, (guint8 *) "x", 1, TRUE);
  via_channels_receive (b->channels, 4, 50, ack, 1, TRUE);
  receive_open (b, 3);    /* a stream of ours */
  receive_open (b, 2048); /* none there is */
  end_listen (b);
  g_assert_cmpuint (b->n_opened + b->messages->len, ==, 0);
  g_assert_cmpuint (dropped (b), ==, 4);
  g_assert_true (via_channels_next (b->channels, &out));
  g_assert_true (out.is_reset);
  g_assert_cmpuint (out.n_streams, ==, 1);
  g_assert_cmpuint (out.streams[0], ==, 3);
  via_channels_done (b->channels);
  via_channels_reset_done (b->channels, 3);
  receive_open (b, 2);
  g_assert_cmpuint (b->n_opened, ==, 1);
  via_channels_receive (b->channels, 2, 51, bad_text, 1, TRUE);
  via_channels_receive (b->channels, 2, 99, bad_text, 1, TRUE);
  end_listen (b);
  g_assert_cmpuint (b->messages->len, ==, 0);
  receive_open (b, 2); /* in use: RFC 8832 §6 */
  g_assert_cmpint (
      via_channels_info (b->channels, 0)->state, ==, VIA_CHANNEL_CLOSING);
  pair_clear (&pair);
}

/* Nonsense, then OPEN, on one stream: the channel is not reset for it. */
static void
test_channels_that_open_after_nonsense_stay (void)
{
  static const guint8 nonsense[] = {7};
  const ViaChannelWish wish = {0};
  ViaChannelsOut out;
  Pair pair;
  End *b = &pair.b; /* its own streams are odd */

  pair_init (&pair);
  pair_up (&pair);
  for (guint stream = 1; stream <= 2; stream++)
    via_channels_receive (
        b->channels, stream, 50, nonsense, sizeof nonsense, TRUE);
  receive_open (b, 2);
  g_assert_cmpuint (end_open (b, &wish), ==, 1);
  g_assert_cmpint (via_channels_info (b->channels, 1)->stream, ==, 1);
  g_assert_cmpuint (dropped (b), ==, 2);
  for (guint i = 0; i < 2; i++) { /* ACK and OPEN, nothing else */
    g_assert_true (via_channels_next (b->channels, &out));
    g_assert_false (out.is_reset);
    via_channels_done (b->channels);
  }
  g_assert_false (via_channels_next (b->channels, &out));
  pair_clear (&pair);
}

static void
test_channels_of_a_flood_are_refused_at_the_bound (void)
{
  Pair pair;
  End *b = &pair.b;

  pair_init (&pair);
  via_channels_up (b->channels, FALSE, 4096, 0);
  for (guint i = 0; i < 2048; i++)
    receive_open (b, 2 * i);
  g_assert_cmpuint (b->n_opened, ==, VIA_CHANNELS_MAX);
  g_assert_cmpuint (via_channels_size (b->channels), ==, VIA_CHANNELS_MAX);
  g_assert_cmpuint (dropped (b), ==, 2048 - VIA_CHANNELS_MAX);
  pair_clear (&pair);
}

static void
test_channels_end_with_the_association (void)
{
  const ViaChannelWish wish = {0};
  Pair pair;

  pair_init (&pair);
  pair_up (&pair);
  end_open (&pair.a, &wish);
  end_open (&pair.a, &wish);
  pair_run (&pair);
  via_channels_down (pair.a.channels, "gone");
  end_listen (&pair.a);
  g_assert_cmpuint (pair.a.n_closed, ==, 2);
  g_assert_cmpstr (pair.a.why, ==, "gone");
  g_assert_cmpuint (via_channels_size (pair.a.channels), ==, 0);
  pair_clear (&pair);
}

#define CASE(name)                                                             \
  g_test_add_func ("/data/channels/" #name, test_channels_##name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CASE (open_on_both_sides_with_what_was_wished);
  CASE (of_both_sides_have_streams_of_their_own);
  CASE (carry_text_binary_and_nothing);
  CASE (unordered_wait_for_the_ack);
  CASE (negotiated_need_no_word);
  CASE (close_on_both_sides_and_their_ids_are_free_again);
  CASE (closed_here_hear_until_they_close_there);
  CASE (closed_too_early_still_say_what_waits);
  CASE (closing_takes_no_more);
  CASE (take_turns);
  CASE (say_when_little_waits);
  CASE (are_bounded);
  CASE (pieces_become_one_message_up_to_the_bound);
  CASE (a_message_that_is_cut_leaves_the_next_whole);
  CASE (refuse_what_is_against_the_rules);
  CASE (that_open_after_nonsense_stay);
  CASE (of_a_flood_are_refused_at_the_bound);
  CASE (end_with_the_association);
  return g_test_run ();
}
