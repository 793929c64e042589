/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_mdns.c – questions on a network of the test's own, and a responder.
 */
#include "io/mdns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "ice/mdns.h"
#include "netns.h"

static const gchar name[] = "camera-1.local";

/* --- a responder that knows one name --- */

typedef struct
{
  GThread *thread;
  gint fd, stop[2];
  guint ignored; /* questions it does not answer at first */
  gint n_asked;  /* atomic */
} Responder;

static gpointer
respond (gpointer data)
{
  Responder *self = data;
  struct pollfd fds[] = {{self->fd, POLLIN, 0}, {self->stop[0], POLLIN, 0}};

  while (poll (fds, 2, -1) > 0 && !(fds[1].revents & POLLIN)) {
    static const guint8 record[] = {
        0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 77};
    guint8 message[512];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    gssize len = recvfrom (
        self->fd, message, 400, 0, (struct sockaddr *) &from, &from_len);

    if (len < 12 || (message[2] & 0x80)
        || memmem (message, (gsize) len,
               "\x08"
               "camera-1",
               9)
               == NULL
        || (guint) g_atomic_int_add (&self->n_asked, 1) < self->ignored)
      continue;
    message[2] = 0x84;
    message[7] = 1;
    memcpy (message + len, record, sizeof record);
    sendto (self->fd, message, (gsize) len + sizeof record, 0,
        (struct sockaddr *) &from, from_len);
  }
  return NULL;
}

static void
responder_start (Responder *self, guint ignored)
{
  struct sockaddr_in at = {
      .sin_family = AF_INET, .sin_port = htons (VIA_MDNS_PORT)};
  struct ip_mreq group;
  const gint yes = 1;

  *self = (Responder){.ignored = ignored};
  g_assert_cmpint (pipe (self->stop), ==, 0);
  self->fd = socket (AF_INET, SOCK_DGRAM, 0);
  setsockopt (self->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  g_assert_cmpint (bind (self->fd, (struct sockaddr *) &at, sizeof at), ==, 0);
  group.imr_multiaddr.s_addr = htonl (0xe00000fb);
  group.imr_interface.s_addr = inet_addr ("192.0.2.1");
  g_assert_cmpint (setsockopt (self->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group,
                       sizeof group),
      ==, 0);
  self->thread = g_thread_new ("responder", respond, self);
}

static void
responder_stop (Responder *self)
{
  g_assert_cmpint (write (self->stop[1], "", 1), ==, 1);
  g_thread_join (self->thread);
  close (self->stop[0]);
  close (self->stop[1]);
  close (self->fd);
}

/* --- asking --- */

typedef struct
{
  ViaLoop *loop;
  const gchar *name;
  ViaMdnsQuery *query;
  GMutex lock;
  GCond cond;
  gboolean is_done, is_found;
  ViaAddress address;
  gint64 took;
} Question;

static void
on_answer (gpointer user, const ViaAddress *address)
{
  Question *question = user;

  g_clear_pointer (&question->query, via_mdns_query_free);
  g_mutex_lock (&question->lock);
  question->is_done = TRUE;
  question->is_found = address != NULL;
  if (address != NULL)
    question->address = *address;
  g_cond_signal (&question->cond);
  g_mutex_unlock (&question->lock);
}

static void
begin (gpointer data)
{
  Question *question = data;

  question->query =
      via_mdns_query_new (question->loop, question->name, on_answer, question);
}

static void
abandon (gpointer data)
{
  g_clear_pointer (&((Question *) data)->query, via_mdns_query_free);
}

static void
question_ask (Question *self, const gchar *about)
{
  gint64 begun = g_get_monotonic_time ();

  memset (self, 0, sizeof *self);
  self->loop = via_loop_acquire ();
  self->name = about;
  via_loop_call (self->loop, begin, self);
  g_assert_nonnull (self->query);
  g_mutex_lock (&self->lock);
  while (!self->is_done)
    g_assert_true (g_cond_wait_until (
        &self->cond, &self->lock, begun + 10 * G_TIME_SPAN_SECOND));
  g_mutex_unlock (&self->lock);
  self->took = g_get_monotonic_time () - begun;
  via_loop_call (self->loop, abandon, self);
  via_loop_release (self->loop);
}

static void
test_known_name_is_found (void)
{
  static const guint8 ip[16] = {192, 0, 2, 77};
  Responder responder;
  Question question;

  responder_start (&responder, 0);
  question_ask (&question, name);
  responder_stop (&responder);
  g_assert_true (question.is_found);
  g_assert_cmpmem (question.address.ip, 16, ip, 16);
}

static void
test_lost_question_is_asked_again (void)
{
  Responder responder;
  Question question;

  responder_start (&responder, 1);
  question_ask (&question, name);
  responder_stop (&responder);
  g_assert_true (question.is_found);
  g_assert_cmpint (g_atomic_int_get (&responder.n_asked), >=, 2);
}

static void
test_unknown_name_ends_after_a_second (void)
{
  Responder responder;
  Question question;

  responder_start (&responder, 0);
  question_ask (&question, "nobody.local");
  responder_stop (&responder);
  g_assert_false (question.is_found);
  g_assert_cmpint (question.took, >=, VIA_MDNS_WAIT);
}

static void
refuse (gpointer data)
{
  Question *question = data;

  g_assert_null (via_mdns_query_new (
      question->loop, "www.example.com", on_answer, question));
}

static void
test_other_names_are_not_asked (void)
{
  Question question = {.loop = via_loop_acquire ()};

  via_loop_call (question.loop, refuse, &question);
  via_loop_release (question.loop);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/found", test_known_name_is_found);
  g_test_add_func ("/mdns/again", test_lost_question_is_asked_again);
  g_test_add_func ("/mdns/unknown", test_unknown_name_ends_after_a_second);
  g_test_add_func ("/mdns/other", test_other_names_are_not_asked);
  return g_test_run ();
}
