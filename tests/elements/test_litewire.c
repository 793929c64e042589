/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_litewire.c – peers on one port of 127.0.0.1, over UDP and TCP, in a
 * network of their own. The far ends are plain sockets of this file that send
 * checks by ice/stun.
 */
#include "io/litewire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ice/frame.h"
#include "netns.h"

#define WAIT (20 * G_TIME_SPAN_SECOND)
#define WAIT_MS 20000

static const gchar far_ufrag[] = "rUfR";
static const gchar far_pwd[] = "0123456789abcdefghijkl";

/* --- our end --- */

typedef struct
{
  ViaLoop *loop;
  const ViaLiteConfig *config;
  ViaWire *wire;
  gchar *ufrag, *pwd;
  guint taken;
  ViaDatagram datagram;

  GMutex lock; /* guards the rest */
  GCond cond;
  ViaIceState state;
  GPtrArray *candidates, *received;
  gboolean is_gathered;
  guint n_foreign;
} End;

static void
lock_for (End *end)
{
  g_mutex_lock (&end->lock);
  if (!via_loop_is_current (end->loop))
    end->n_foreign++;
}

static void
unlock (End *end)
{
  g_cond_broadcast (&end->cond);
  g_mutex_unlock (&end->lock);
}

static void
on_candidate (gpointer user, const gchar *candidate)
{
  lock_for (user);
  g_ptr_array_add (((End *) user)->candidates, g_strdup (candidate));
  unlock (user);
}

static void
on_gathered (gpointer user)
{
  lock_for (user);
  ((End *) user)->is_gathered = TRUE;
  unlock (user);
}

static void
on_state (gpointer user, ViaIceState state)
{
  lock_for (user);
  ((End *) user)->state = state;
  unlock (user);
}

static void
on_datagram (gpointer user, guint8 *data, gsize len)
{
  lock_for (user);
  g_ptr_array_add (((End *) user)->received, g_bytes_new (data, len));
  unlock (user);
}

static const ViaIceFuncs funcs = {.candidate = on_candidate,
    .gathering_done = on_gathered,
    .state = on_state,
    .datagram = on_datagram};

static void
make (gpointer data)
{
  End *end = data;
  GError *error = NULL;

  end->wire = via_litewire_new (end->loop, end->config, &funcs, end, &error);
  g_assert_no_error (error);
  end->ufrag = g_strdup (via_wire_ufrag (end->wire));
  end->pwd = g_strdup (via_wire_pwd (end->wire));
  g_assert_true (
      via_wire_set_remote (end->wire, far_ufrag, far_pwd, FALSE, &error));
  g_assert_true (via_wire_gather (end->wire, &error));
}

static void
unmake (gpointer data)
{
  End *end = data;

  g_clear_pointer (&end->wire, via_wire_free);
}

static void
send_one (gpointer data)
{
  End *end = data;

  end->taken = via_wire_send (end->wire, &end->datagram, 1);
}

static gboolean
sends (End *end, const gchar *text)
{
  end->datagram = (ViaDatagram){(const guint8 *) text, strlen (text)};
  via_loop_call (end->loop, send_one, end);
  return end->taken == 1;
}

static void
end_open (End *end, const ViaLiteConfig *config)
{
  memset (end, 0, sizeof *end);
  end->loop = via_loop_acquire ();
  end->config = config;
  g_mutex_init (&end->lock);
  g_cond_init (&end->cond);
  end->candidates = g_ptr_array_new_with_free_func (g_free);
  end->received =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  via_loop_call (end->loop, make, end);
}

static void
end_close (End *end)
{
  via_loop_call (end->loop, unmake, end);
  g_assert_cmpuint (end->n_foreign, ==, 0);
  via_loop_release (end->loop);
  g_ptr_array_unref (end->candidates);
  g_ptr_array_unref (end->received);
  g_mutex_clear (&end->lock);
  g_cond_clear (&end->cond);
  g_free (end->ufrag);
  g_free (end->pwd);
}

#define AWAIT(end, condition)                                                  \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 until = g_get_monotonic_time () + WAIT;                             \
    g_mutex_lock (&(end)->lock);                                               \
    while (!(condition))                                                       \
      g_assert_true (g_cond_wait_until (&(end)->cond, &(end)->lock, until));   \
    g_mutex_unlock (&(end)->lock);                                             \
  }                                                                            \
  G_STMT_END

/* --- the far end --- */

typedef struct
{
  gint fd;
  gboolean is_tcp;
  ViaFrameReader reader;
  guint8 data[2048];
} Far;

static void
far_open (Far *far, const ViaLitePort *port, gboolean is_tcp)
{
  struct sockaddr_in to = {.sin_family = AF_INET};

  memset (far, 0, sizeof *far);
  far->is_tcp = is_tcp;
  far->fd = socket (AF_INET, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  to.sin_port = htons (via_liteport_address (port, 0)->port);
  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (
      connect (far->fd, (struct sockaddr *) &to, sizeof to), ==, 0);
}

static void
far_send (Far *far, const guint8 *data, gsize len)
{
  const guint8 header[] = {(guint8) (len >> 8), (guint8) len};

  if (far->is_tcp)
    g_assert_cmpint (send (far->fd, header, 2, MSG_NOSIGNAL), ==, 2);
  g_assert_cmpint (send (far->fd, data, len, MSG_NOSIGNAL), ==, (gssize) len);
}

/* The next datagram; its length, 0: none within @ms. */
static gsize
far_receive (Far *far, gint ms)
{
  struct pollfd poll_fd = {.fd = far->fd, .events = POLLIN};
  guint8 *room, *whole;
  gsize len;
  gssize got;

  while (far->is_tcp
         && via_frame_next (&far->reader, &whole, &len) != VIA_FRAME_WHOLE) {
    gsize size = via_frame_room (&far->reader, &room);
    gssize n;

    if (poll (&poll_fd, 1, ms) <= 0)
      return 0;
    n = recv (far->fd, room, size, 0);
    if (n <= 0)
      return 0;
    via_frame_add (&far->reader, (gsize) n);
  }
  if (far->is_tcp) {
    memcpy (far->data, whole, len);
    return len;
  }
  if (poll (&poll_fd, 1, ms) <= 0)
    return 0;
  got = recv (far->fd, far->data, sizeof far->data, 0);
  return got > 0 ? (gsize) got : 0;
}

/* The next one that is no STUN: our end asks for consent now and then. */
static gsize
far_hears (Far *far, gint ms)
{
  gsize len;

  do
    len = far_receive (far, ms);
  while (len > 0 && far->data[0] < 4); /* RFC 7983 */
  return len;
}

/* The answer to a nominating check; 0: none within @ms, 1: success, else the
 * error. */
static guint
far_checks_within (Far *far, const gchar *ufrag, const gchar *pwd, gint ms)
{
  static guint8 n = 0;
  const guint8 id[VIA_STUN_ID] = {++n, 1};
  g_autofree gchar *username = g_strdup_printf ("%s:%s", ufrag, far_ufrag);
  ViaStunCheck check = {username, 100, 1, TRUE, TRUE};
  ViaStunMessage answer;
  guint8 out[VIA_STUN_MAX];
  gsize len = via_stun_write_check (&check, id, pwd, out, sizeof out);

  far_send (far, out, len);
  do {
    len = far_receive (far, ms);
    if (len == 0)
      return 0;
  } while (!via_stun_read (&answer, far->data, len)
           || memcmp (answer.id, id, VIA_STUN_ID) != 0);
  if (answer.type == VIA_STUN_ERROR)
    return answer.error_code;
  g_assert_true (via_stun_is_authentic (&answer, pwd));
  return 1;
}

static guint
far_checks (Far *far, const gchar *ufrag, const gchar *pwd)
{
  return far_checks_within (far, ufrag, pwd, WAIT_MS);
}

static ViaLiteConfig
listen_on_loopback (void)
{
  GError *error = NULL;
  ViaLiteConfig config = {.port = via_liteport_new ("127.0.0.1", 0, &error)};

  g_assert_no_error (error);
  return config;
}

/* --- tests --- */

static void
exchange (gconstpointer is_tcp)
{
  ViaLiteConfig config = listen_on_loopback ();
  End ends[3];
  Far fars[3];

  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *text = g_strdup_printf ("\x80to %u", i);
    g_autofree gchar *back = g_strdup_printf ("\x80 from %u", i);

    end_open (&ends[i], &config);
    far_open (&fars[i], config.port, is_tcp != NULL);
    g_assert_false (sends (&ends[i], text)); /* nowhere yet */
    g_assert_cmpuint (far_checks (&fars[i], ends[i].ufrag, ends[i].pwd), ==, 1);
    AWAIT (&ends[i], ends[i].state == VIA_ICE_CONNECTED);
    g_assert_true (sends (&ends[i], text));
    g_assert_cmpmem (
        fars[i].data, far_hears (&fars[i], WAIT_MS), text, strlen (text));
    far_send (&fars[i], (const guint8 *) back, strlen (back));
    AWAIT (&ends[i], ends[i].received->len == 1);
    g_assert_cmpmem (g_bytes_get_data (ends[i].received->pdata[0], NULL),
        g_bytes_get_size (ends[i].received->pdata[0]), back, strlen (back));
  }
  for (guint i = 0; i < 3; i++) {
    g_assert_cmpuint (ends[i].received->len, ==, 1); /* nobody else's */
    end_close (&ends[i]);
    close (fars[i].fd);
  }
  via_liteport_unref (config.port);
}

static void
test_udp_three_peers_share_a_port (void)
{
  exchange (NULL);
}

static void
test_tcp_three_peers_share_a_port (void)
{
  exchange ("tcp");
}

static void
test_stranger_is_not_heard (void)
{
  ViaLiteConfig config = listen_on_loopback ();
  End end;
  Far far;

  end_open (&end, &config);
  far_open (&far, config.port, FALSE);
  far_send (&far, (const guint8 *) "\x80media", 6);
  g_assert_cmpuint (
      far_checks (&far, end.ufrag, "wrongwrongwrongwrongwrong"), ==, 401);
  far_send (&far, (const guint8 *) "\x80media", 6);
  g_assert_cmpuint (far_checks_within (&far, "aaaaaaaa", end.pwd, 500), ==, 0);
  g_assert_cmpuint (far_checks (&far, end.ufrag, end.pwd), ==, 1);
  far_send (&far, (const guint8 *) "\x80mine", 5);
  AWAIT (&end, end.received->len > 0);
  g_assert_cmpuint (g_bytes_get_size (end.received->pdata[0]), ==, 5);
  g_assert_cmpuint (end.received->len, ==, 1);
  end_close (&end);
  close (far.fd);
  via_liteport_unref (config.port);
}

/* The peer's address changes: its next nomination moves the path. */
static void
test_path_moves_with_the_peer (void)
{
  ViaLiteConfig config = listen_on_loopback ();
  Far first, second;
  End end;

  end_open (&end, &config);
  far_open (&first, config.port, FALSE);
  far_open (&second, config.port, TRUE);
  g_assert_cmpuint (far_checks (&first, end.ufrag, end.pwd), ==, 1);
  g_assert_cmpuint (far_checks (&second, end.ufrag, end.pwd), ==, 1);
  g_assert_true (sends (&end, "\x80here"));
  g_assert_cmpuint (far_hears (&second, WAIT_MS), ==, 5);
  g_assert_cmpuint (far_hears (&first, 50), ==, 0);
  /* the connection breaks: told at once, and back over UDP */
  close (second.fd);
  AWAIT (&end, end.state == VIA_ICE_DISCONNECTED);
  g_assert_cmpuint (far_checks (&first, end.ufrag, end.pwd), ==, 1);
  AWAIT (&end, end.state == VIA_ICE_CONNECTED);
  g_assert_true (sends (&end, "\x80there"));
  g_assert_cmpuint (far_hears (&first, WAIT_MS), ==, 6);
  end_close (&end);
  close (first.fd);
  via_liteport_unref (config.port);
}

/* An ICE restart: another wire on the same port, for the same far address. */
static void
test_restart_second_wire_takes_over (void)
{
  ViaLiteConfig config = listen_on_loopback ();
  Far far;
  End old, new;

  end_open (&old, &config);
  far_open (&far, config.port, FALSE);
  g_assert_cmpuint (far_checks (&far, old.ufrag, old.pwd), ==, 1);
  end_open (&new, &config);
  g_assert_cmpstr (new.ufrag, !=, old.ufrag);
  g_assert_true (sends (&old, "\x80still")); /* media goes on */
  g_assert_cmpuint (far_hears (&far, WAIT_MS), ==, 6);
  g_assert_cmpuint (far_checks (&far, new.ufrag, new.pwd), ==, 1);
  AWAIT (&new, new.state == VIA_ICE_CONNECTED);
  g_assert_true (sends (&old, "\x80too!"));
  g_assert_cmpuint (far_hears (&far, WAIT_MS), ==, 5);
  end_close (&old);
  g_assert_cmpuint (far_checks (&far, new.ufrag, new.pwd), ==, 1);
  g_assert_true (sends (&new, "\x80here"));
  g_assert_cmpuint (far_hears (&far, WAIT_MS), ==, 5);
  end_close (&new);
  close (far.fd);
  via_liteport_unref (config.port);
}

static void
test_candidates_show_external_address (void)
{
  ViaLiteConfig config = listen_on_loopback ();
  g_autofree gchar *port = NULL;
  End end;

  config.external_ipv4 = "203.0.113.10";
  port = g_strdup_printf (
      " 203.0.113.10 %u typ host", via_liteport_address (config.port, 0)->port);
  end_open (&end, &config);
  AWAIT (&end, end.is_gathered);
  g_assert_cmpuint (end.candidates->len, ==, 2);
  g_assert_nonnull (strstr (end.candidates->pdata[0], port));
  g_assert_nonnull (strstr (end.candidates->pdata[0], " UDP "));
  g_assert_nonnull (strstr (end.candidates->pdata[1], port));
  g_assert_nonnull (strstr (end.candidates->pdata[1], "tcptype passive"));
  end_close (&end);
  via_liteport_unref (config.port);
}

static void
test_port_is_free_again_after_the_last (void)
{
  ViaLiteConfig config = listen_on_loopback ();
  guint16 port = via_liteport_address (config.port, 0)->port;
  GError *error = NULL;
  ViaLitePort *second;

  g_assert_null (via_liteport_new ("127.0.0.1", port, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "127.0.0.1:"));
  g_clear_error (&error);
  via_liteport_unref (config.port);
  second = via_liteport_new ("127.0.0.1", port, &error);
  g_assert_no_error (error);
  via_liteport_unref (second);
  g_assert_null (via_liteport_new ("example.com", 0, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  g_clear_error (&error);
}

/* A number that UDP may have and TCP may not is not the last one tried: of the
 * two there are, a listener has one. */
static void
test_any_port_is_free_for_both (void)
{
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons (40000)};
  g_autoptr (GError) error = NULL;
  gint taken = socket (AF_INET, SOCK_STREAM, 0);

  /* not g_file_set_contents: it cannot be replaced */
  g_assert_true (
      g_file_set_contents_full ("/proc/sys/net/ipv4/ip_local_port_range",
          "40000 40001", -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  g_assert_no_error (error);
  at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (taken, (struct sockaddr *) &at, sizeof at), ==, 0);
  g_assert_cmpint (listen (taken, 1), ==, 0);
  for (guint i = 0; i < 20; i++) {
    ViaLitePort *port = via_liteport_new ("127.0.0.1", 0, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (via_liteport_address (port, 0)->port, ==, 40001);
    via_liteport_unref (port);
  }
  close (taken);
}

static void
test_stream_with_nonsense_is_closed (void)
{
  ViaLiteConfig config = listen_on_loopback ();
  guint8 nonsense[] = {0xff, 0xff, 1, 2, 3};
  Far far;

  far_open (&far, config.port, TRUE);
  g_assert_cmpint (send (far.fd, nonsense, sizeof nonsense, 0), ==, 5);
  g_assert_cmpint (recv (far.fd, nonsense, sizeof nonsense, 0), <=, 0);
  close (far.fd);
  via_liteport_unref (config.port);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/litewire/udp", test_udp_three_peers_share_a_port);
  g_test_add_func ("/litewire/tcp", test_tcp_three_peers_share_a_port);
  g_test_add_func ("/litewire/stranger", test_stranger_is_not_heard);
  g_test_add_func ("/litewire/moves", test_path_moves_with_the_peer);
  g_test_add_func ("/litewire/restart", test_restart_second_wire_takes_over);
  g_test_add_func ("/litewire/external", test_candidates_show_external_address);
  g_test_add_func ("/litewire/port", test_port_is_free_again_after_the_last);
  g_test_add_func ("/litewire/nonsense", test_stream_with_nonsense_is_closed);
  g_test_add_func ("/litewire/any-port", test_any_port_is_free_for_both);
  return g_test_run ();
}
