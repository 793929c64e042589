/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/wires.c – opens, joins and watches two wires.
 */
#include "wires.h"

#include <string.h>

#define WAIT (20 * G_TIME_SPAN_SECOND)

/* --- two ends and what they saw --- */

static void
end_note (End *end)
{
  end->n_foreign += !via_loop_is_current (end->loop);
  end->n_inside += end->is_inside;
  g_cond_broadcast (&end->cond);
}

typedef struct
{
  End *end;
  gchar *text;
} Hint;

static void
hint_free (gpointer data)
{
  Hint *hint = data;

  g_free (hint->text);
  g_free (hint);
}

static void
take_hint (gpointer data)
{
  Hint *hint = data;
  End *end = hint->end;
  g_autoptr (GError) error = NULL;

  if (!end->wire)
    return;
  end->is_inside = TRUE;
  if (hint->text)
    via_icewire_add_candidate (end->wire, hint->text, &error);
  else
    via_icewire_end_of_candidates (end->wire);
  end->is_inside = FALSE;
  g_assert_no_error (error);
}

static void
give_hint (End *to, const gchar *text)
{
  Hint *hint = g_new (Hint, 1);

  if (!to) {
    g_free (hint);
    return;
  }
  *hint = (Hint){to, g_strdup (text)};
  via_loop_post (to->loop, take_hint, hint, hint_free);
}

static void
on_candidate (gpointer user, const gchar *candidate)
{
  End *end = user;

  g_mutex_lock (&end->lock);
  g_ptr_array_add (end->candidates, g_strdup (candidate));
  end_note (end);
  g_mutex_unlock (&end->lock);
  give_hint (end->other, candidate);
}

static void
on_gathered (gpointer user)
{
  End *end = user;

  g_mutex_lock (&end->lock);
  end->is_gathered = TRUE;
  end_note (end);
  g_mutex_unlock (&end->lock);
  give_hint (end->other, NULL);
}

static void
on_state (gpointer user, ViaIceState state)
{
  End *end = user;

  g_mutex_lock (&end->lock);
  end->state = state;
  g_array_append_val (end->states, state);
  end_note (end);
  g_mutex_unlock (&end->lock);
  if (end->frees_in_state && state == VIA_ICE_CONNECTED)
    g_clear_pointer (&end->wire, via_icewire_free);
}

static void
on_datagram (gpointer user, guint8 *data, gsize len)
{
  End *end = user;

  g_mutex_lock (&end->lock);
  g_ptr_array_add (end->received, g_bytes_new (data, len));
  end_note (end);
  g_mutex_unlock (&end->lock);
  if (end->frees_in_datagram)
    g_clear_pointer (&end->wire, via_icewire_free);
}

const ViaIceFuncs end_funcs = {.candidate = on_candidate,
    .gathering_done = on_gathered,
    .state = on_state,
    .datagram = on_datagram};

void
end_init (End *end)
{
  memset (end, 0, sizeof *end);
  end->loop = via_loop_acquire ();
  g_mutex_init (&end->lock);
  g_cond_init (&end->cond);
  end->states = g_array_new (FALSE, FALSE, sizeof (ViaIceState));
  end->candidates = g_ptr_array_new_with_free_func (g_free);
  end->received =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

void
end_free_wire (gpointer data)
{
  End *end = data;
  g_clear_pointer (&end->wire, via_icewire_free);
}

void
end_clear (End *end)
{
  via_loop_call (end->loop, end_free_wire, end);
  via_loop_release (end->loop);
  g_assert_cmpuint (end->n_foreign, ==, 0);
  g_assert_cmpuint (end->n_inside, ==, 0);
  g_array_unref (end->states);
  g_ptr_array_unref (end->candidates);
  g_ptr_array_unref (end->received);
  g_mutex_clear (&end->lock);
  g_cond_clear (&end->cond);
}

gboolean
end_reaches (End *end, ViaIceState state)
{
  gint64 until = g_get_monotonic_time () + WAIT;
  gboolean in_time = TRUE;

  g_mutex_lock (&end->lock);
  while (end->state != state && in_time)
    in_time = g_cond_wait_until (&end->cond, &end->lock, until);
  g_mutex_unlock (&end->lock);
  return in_time;
}

gboolean
end_gathers (End *end)
{
  gint64 until = g_get_monotonic_time () + WAIT;
  gboolean in_time = TRUE;

  g_mutex_lock (&end->lock);
  while (!end->is_gathered && in_time)
    in_time = g_cond_wait_until (&end->cond, &end->lock, until);
  g_mutex_unlock (&end->lock);
  return in_time;
}

gboolean
end_receives (End *end, guint n)
{
  gint64 until = g_get_monotonic_time () + WAIT;
  gboolean in_time = TRUE;

  g_mutex_lock (&end->lock);
  while (end->received->len < n && in_time)
    in_time = g_cond_wait_until (&end->cond, &end->lock, until);
  g_mutex_unlock (&end->lock);
  return in_time;
}

/* --- steps on the loop thread --- */

typedef struct
{
  End *end;
  const ViaIceConfig *config;
  const gchar *ufrag, *pwd;
  gboolean is_lite;
} Step;

static void
step_new (gpointer data)
{
  Step *step = data;
  g_autoptr (GError) error = NULL;

  step->end->wire = via_icewire_new (
      step->end->loop, step->config, &end_funcs, step->end, &error);
  g_assert_no_error (error);
  g_assert_nonnull (step->end->wire);
  g_assert_cmpint (via_icewire_state (step->end->wire), ==, VIA_ICE_NEW);
}

static void
step_gather (gpointer data)
{
  Step *step = data;
  g_autoptr (GError) error = NULL;

  step->end->is_inside = TRUE;
  g_assert_true (via_icewire_gather (step->end->wire, &error));
  g_assert_no_error (error);
  g_assert_true (via_icewire_gather (step->end->wire, NULL)); /* again: TRUE */
  step->end->is_inside = FALSE;
}

static void
step_remote (gpointer data)
{
  Step *step = data;
  g_autoptr (GError) error = NULL;

  step->end->is_inside = TRUE;
  g_assert_true (via_icewire_set_remote (
      step->end->wire, step->ufrag, step->pwd, step->is_lite, &error));
  g_assert_no_error (error);
  step->end->is_inside = FALSE;
}

void
end_new (End *end, const ViaIceConfig *config)
{
  Step step = {end, config};
  via_loop_call (end->loop, step_new, &step);
}

void
end_gather (End *end)
{
  Step step = {end};
  via_loop_call (end->loop, step_gather, &step);
}

/* The credentials of a wire never change: reading them here is fine. */
void
end_meet (End *end, End *other, gboolean is_lite)
{
  Step step = {end, NULL, via_icewire_ufrag (other->wire),
      via_icewire_pwd (other->wire), is_lite};
  via_loop_call (end->loop, step_remote, &step);
}

void
pair_open_with (
    Pair *pair, const ViaIceConfig *a_config, const ViaIceConfig *b_config)
{
  end_init (&pair->a);
  end_init (&pair->b);
  pair->a.other = &pair->b;
  pair->b.other = &pair->a;
  end_new (&pair->a, a_config);
  end_new (&pair->b, b_config);
}

void
pair_open (Pair *pair)
{
  ViaIceConfig a = {.is_controlling = TRUE}, b = {0};
  pair_open_with (pair, &a, &b);
}

void
pair_connect (Pair *pair)
{
  end_meet (&pair->a, &pair->b, FALSE);
  end_meet (&pair->b, &pair->a, FALSE);
  end_gather (&pair->a);
  end_gather (&pair->b);
  g_assert_true (end_reaches (&pair->a, VIA_ICE_CONNECTED));
  g_assert_true (end_reaches (&pair->b, VIA_ICE_CONNECTED));
}

void
pair_close (Pair *pair)
{
  end_clear (&pair->a);
  end_clear (&pair->b);
  g_assert_cmpuint (via_icewire_alive (), ==, 0); /* the release waited */
}

static void
step_send (gpointer data)
{
  Send *send = data;

  send->taken = via_icewire_send (send->end->wire, send->datagrams, send->n);
  send->counters = *via_icewire_counters (send->end->wire);
}

Send
end_send (End *end, const ViaDatagram *datagrams, guint n)
{
  Send send = {end, datagrams, n};

  via_loop_call (end->loop, step_send, &send);
  return send;
}

static void
step_selected (gpointer data)
{
  Selected *s = data;
  s->is_selected = via_icewire_selected (s->end->wire, &s->local, &s->remote);
}

Selected
end_selected (End *end)
{
  Selected selected = {end};

  via_loop_call (end->loop, step_selected, &selected);
  return selected;
}

void
selected_clear (Selected *self)
{
  g_clear_pointer (&self->local, g_free);
  g_clear_pointer (&self->remote, g_free);
}
