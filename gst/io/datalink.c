/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/datalink.c – the data channels of one peer between its loop, the SCTP home
 * and whoever sends. Decides nothing.
 */
#include "io/datalink-private.h"

#define MAILBOX 2048 /* packets one way; more are lost, which SCTP repairs */

typedef struct
{
  guint id;
  gchar *label, *protocol; /* (nullable) in place of @id */
  gboolean is_text;
  GBytes *message;
} Letter;

gboolean
via_datalink_is_possible (void)
{
  return TRUE;
}

static void
letter_free (gpointer data)
{
  Letter *letter = data;

  g_bytes_unref (letter->message);
  g_free (letter->label);
  g_free (letter->protocol);
  g_free (letter);
}

ViaDataLink *
via_datalink_ref (ViaDataLink *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_datalink_unref (ViaDataLink *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->in, (GDestroyNotify) g_bytes_unref);
  g_queue_clear_full (&self->out, (GDestroyNotify) g_bytes_unref);
  g_queue_clear_full (&self->letters, letter_free);
  via_channels_free (self->channels);
  g_hash_table_unref (self->labelled);
  g_cond_clear (&self->room);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
unref_any (gpointer data)
{
  via_datalink_unref (data);
}

/* --- what the home does --- */

/* The peer's loop. */
static void
run_outlet (gpointer data)
{
  ViaDataLink *self = data;

  g_mutex_lock (&self->lock);
  self->is_loop_called = FALSE;
  g_mutex_unlock (&self->lock);
  if (self->outlet != NULL)
    self->outlet (self->outlet_data);
}

static void
tell (ViaDataLink *self, const ViaChannelsEvent *event)
{
  const ViaDataLinkFuncs *funcs = &self->funcs;

  switch (event->type) {
    case VIA_CHANNELS_OPENED:
      if (funcs->opened != NULL)
        funcs->opened (self->user, &event->info);
      break;
    case VIA_CHANNELS_MESSAGE_CAME:
      if (funcs->message != NULL)
        funcs->message (
            self->user, &event->info, event->is_text, event->message);
      break;
    case VIA_CHANNELS_LOW:
      if (funcs->low != NULL)
        funcs->low (self->user, &event->info);
      break;
    case VIA_CHANNELS_CLOSED:
      g_hash_table_remove (self->labelled, GUINT_TO_POINTER (event->info.id));
      if (funcs->closed != NULL)
        funcs->closed (self->user, &event->info, event->why);
      break;
  }
}

static void
hand_out (ViaDataLink *self)
{
  GQueue packets = G_QUEUE_INIT;
  guint64 n_waiting = via_channels_buffered (self->channels);
  gboolean is_first;
  GBytes *packet;

  while (self->association != NULL
         && (packet = via_association_next (self->association)) != NULL)
    g_queue_push_tail (&packets, packet);
  g_mutex_lock (&self->lock);
  is_first = packets.length > 0 && !self->is_loop_called;
  self->is_loop_called |= is_first;
  while (self->out.length < MAILBOX
         && (packet = g_queue_pop_head (&packets)) != NULL)
    g_queue_push_tail (&self->out, packet);
  self->n_waiting = n_waiting;
  self->n_read = 0;
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
  g_queue_clear_full (&packets, (GDestroyNotify) g_bytes_unref);
  if (is_first)
    via_loop_post (self->loop, run_outlet, via_datalink_ref (self), unref_any);
}

/* The end of the home's turn. */
void
via_datalink_work (gpointer data)
{
  ViaDataLink *self = data;
  ViaChannelsEvent event;

  if (self->association != NULL)
    via_association_work (self->association);
  while (via_channels_poll (self->channels, &event)) {
    tell (self, &event);
    via_channels_event_clear (&event);
  }
  if (self->association != NULL)
    via_association_work (self->association); /* what was answered at once */
  hand_out (self);
}

void
via_datalink_touch (ViaDataLink *self)
{
  via_sctp_home_touch ();
  via_loop_at_turn_end (self->home, via_datalink_work, self);
}

static void
on_time (gpointer data)
{
  ViaDataLink *self = data;

  via_loop_at_turn_end (self->home, via_datalink_work, self);
}

gboolean
via_datalink_is_over (const ViaDataLink *self)
{
  return self->is_over
         || (self->association != NULL
             && via_association_is_over (self->association));
}

static void
open_mail (ViaDataLink *self, GQueue *packets, GQueue *letters)
{
  static const GQueue empty = G_QUEUE_INIT;

  g_mutex_lock (&self->lock);
  *packets = self->in;
  *letters = self->letters;
  self->in = self->letters = empty;
  self->n_read += self->n_letters;
  self->n_letters = 0;
  self->is_home_called = FALSE;
  g_mutex_unlock (&self->lock);
}

/* -1: nobody is to have it. */
static gint
make_labelled (ViaDataLink *self, const Letter *letter)
{
  const ViaChannelWish wish = {
      .label = letter->label, .protocol = letter->protocol};
  gint id;

  if (g_hash_table_size (self->labelled) >= VIA_DATALINK_LABELS) {
    if (!self->has_refused && self->funcs.refused != NULL)
      self->funcs.refused (self->user, letter->label);
    self->has_refused = TRUE;
    return -1;
  }
  id = via_channels_create (self->channels, &wish, NULL);
  if (id >= 0)
    g_hash_table_add (self->labelled, GUINT_TO_POINTER (id));
  return id;
}

/* Whose @letter is; FALSE: nobody's. */
static gboolean
address (ViaDataLink *self, Letter *letter)
{
  gint id;

  if (letter->label == NULL)
    return TRUE;
  if (self->association == NULL || via_datalink_is_over (self))
    return FALSE;
  id = via_channels_find (self->channels, letter->label);
  if (id < 0)
    id = make_labelled (self, letter);
  letter->id = (guint) id;
  return id >= 0;
}

/* Home. */
static void
run_mail (gpointer data)
{
  ViaDataLink *self = data;
  GQueue packets, letters;
  guint n_failed = 0;
  GBytes *packet;
  Letter *letter;

  open_mail (self, &packets, &letters);
  while ((packet = g_queue_pop_head (&packets)) != NULL) {
    if (self->association != NULL)
      via_association_feed (self->association, g_bytes_get_data (packet, NULL),
          g_bytes_get_size (packet));
    g_bytes_unref (packet);
  }
  while ((letter = g_queue_pop_head (&letters)) != NULL) {
    n_failed += self->is_gone || !address (self, letter)
                || !via_channels_send (self->channels, letter->id,
                    letter->is_text, letter->message, NULL);
    letter_free (letter);
  }
  g_mutex_lock (&self->lock);
  self->n_dropped += n_failed;
  g_mutex_unlock (&self->lock);
  if (!self->is_gone)
    via_datalink_touch (self);
}

/* Call with self->lock held: the home is not released meanwhile. */
static void
call_home_locked (ViaDataLink *self)
{
  if (!self->is_home_called)
    via_loop_post (self->home, run_mail, via_datalink_ref (self), unref_any);
  self->is_home_called = TRUE;
}

/* --- life --- */

ViaDataLink *
via_datalink_new (ViaLoop *loop, const ViaDataLinkFuncs *funcs, gpointer user)
{
  ViaLoop *home = via_sctp_home_acquire ();
  ViaDataLink *self;

  if (home == NULL)
    return NULL;
  self = g_new0 (ViaDataLink, 1);
  g_atomic_ref_count_init (&self->refs);
  self->loop = loop;
  self->home = home;
  self->funcs = *funcs;
  self->user = user;
  self->user_of_home = (ViaSctpHomeUser){on_time, self};
  g_mutex_init (&self->lock);
  g_cond_init (&self->room);
  g_queue_init (&self->in);
  g_queue_init (&self->out);
  g_queue_init (&self->letters);
  self->channels = via_channels_new ();
  self->labelled = g_hash_table_new (NULL, NULL);
  return self;
}

void
via_datalink_drop (ViaDataLink *self)
{
  if (self->association == NULL)
    return;
  via_sctp_home_remove (&self->user_of_home);
  g_clear_pointer (&self->association, via_association_free);
}

static void
run_free (gpointer data)
{
  ViaDataLink *self = data;

  self->is_gone = TRUE;
  via_loop_not_at_turn_end (self->home, via_datalink_work, self);
  via_datalink_drop (self);
}

void
via_datalink_free (ViaDataLink *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
  via_loop_call (self->home, run_free, self);
  via_sctp_home_release ();
  via_datalink_unref (self);
}

/* --- the peer's loop --- */

void
via_datalink_set_outlet (ViaDataLink *self, ViaLoopFunc func, gpointer data)
{
  via_loop_assert (self->loop);
  self->outlet = func;
  self->outlet_data = data;
}

typedef struct
{
  ViaDataLink *link;
  ViaAssociationConfig config;
} Start;

static void
start_free (gpointer data)
{
  Start *start = data;

  via_datalink_unref (start->link);
  g_free (start);
}

static void
run_start (gpointer data)
{
  const Start *start = data;
  ViaDataLink *self = start->link;
  g_autoptr (GError) error = NULL;

  if (self->is_gone || self->is_over || self->association != NULL)
    return;
  self->association =
      via_association_new (&start->config, self->channels, &error);
  if (self->association == NULL)
    via_channels_down (self->channels, "SCTP could not begin");
  else
    via_sctp_home_add (&self->user_of_home);
  via_datalink_touch (self);
}

void
via_datalink_start (ViaDataLink *self, const ViaPeerData *agreed)
{
  Start *start;

  via_loop_assert (self->loop);
  if (self->has_begun)
    return;
  self->has_begun = TRUE;
  start = g_new0 (Start, 1);
  start->link = via_datalink_ref (self);
  start->config = (ViaAssociationConfig){.local_port = VIA_PEER_SCTP_PORT,
      .remote_port = agreed->remote_port,
      .is_dtls_client = agreed->is_dtls_client,
      .max_message = agreed->max_message};
  via_loop_post (self->home, run_start, start, start_free);
}

static void
run_stop (gpointer data)
{
  ViaDataLink *self = data;

  if (self->is_gone)
    return;
  via_datalink_drop (self);
  self->is_over = TRUE;
  via_channels_down (self->channels, "the connection ended");
  via_datalink_touch (self);
}

void
via_datalink_stop (ViaDataLink *self)
{
  via_loop_assert (self->loop);
  via_loop_post (self->home, run_stop, via_datalink_ref (self), unref_any);
}

void
via_datalink_feed (ViaDataLink *self, const guint8 *data, gsize len)
{
  via_loop_assert (self->loop);
  g_mutex_lock (&self->lock);
  if (self->in.length < MAILBOX)
    g_queue_push_tail (&self->in, g_bytes_new (data, len));
  call_home_locked (self);
  g_mutex_unlock (&self->lock);
}

GBytes *
via_datalink_next (ViaDataLink *self)
{
  GBytes *packet;

  via_loop_assert (self->loop);
  g_mutex_lock (&self->lock);
  packet = g_queue_pop_head (&self->out);
  g_mutex_unlock (&self->lock);
  return packet;
}

/* --- holding the far end --- */

void
via_datalink_hold (ViaDataLink *self)
{
  via_loop_assert (self->home);
  if (self->association != NULL)
    via_association_hold (self->association, TRUE);
}

static void
run_resume (gpointer data)
{
  ViaDataLink *self = data;

  if (self->is_gone || self->association == NULL)
    return;
  via_association_hold (self->association, FALSE);
  via_datalink_touch (self);
}

void
via_datalink_resume (ViaDataLink *self)
{
  g_mutex_lock (&self->lock);
  if (!self->is_closed)
    via_loop_post (self->home, run_resume, via_datalink_ref (self), unref_any);
  g_mutex_unlock (&self->lock);
}

/* --- by the mailbox --- */

/* @letter: (transfer full) */
static void
mail (ViaDataLink *self, Letter *letter)
{
  g_mutex_lock (&self->lock);
  if (!self->is_closed) {
    self->n_letters += g_bytes_get_size (letter->message);
    g_queue_push_tail (&self->letters, g_steal_pointer (&letter));
    call_home_locked (self);
  }
  g_mutex_unlock (&self->lock);
  if (letter != NULL)
    letter_free (letter);
}

static Letter *
letter_new (gboolean is_text, GBytes *message)
{
  Letter *letter = g_new0 (Letter, 1);

  letter->is_text = is_text;
  letter->message = g_bytes_ref (message);
  return letter;
}

void
via_datalink_post (
    ViaDataLink *self, guint id, gboolean is_text, GBytes *message)
{
  Letter *letter = letter_new (is_text, message);

  letter->id = id;
  mail (self, letter);
}

void
via_datalink_post_label (ViaDataLink *self, const gchar *label,
    const gchar *protocol, gboolean is_text, GBytes *message)
{
  Letter *letter = letter_new (is_text, message);

  letter->label = g_strdup (label);
  letter->protocol = g_strdup (protocol);
  mail (self, letter);
}

gboolean
via_datalink_wait_room (ViaDataLink *self, guint64 bytes, const gint *stop)
{
  gboolean has_room;

  g_mutex_lock (&self->lock);
  while (!(has_room = self->n_letters + self->n_read + self->n_waiting < bytes)
         && !self->is_closed && !g_atomic_int_get (stop))
    g_cond_wait (&self->room, &self->lock);
  has_room = has_room && !self->is_closed;
  g_mutex_unlock (&self->lock);
  return has_room && !g_atomic_int_get (stop);
}

void
via_datalink_wake (ViaDataLink *self)
{
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
}
