/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_mdns.c – questions on a network of the test's own, and a responder.
 */
#include "io/mdns.h"

#include <string.h>

#include "netns.h"
#include "responder.h"

static const gchar name[] = "ip-192-0-2-77.local";

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
