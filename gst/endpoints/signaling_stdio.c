/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling_stdio.c – offers and answers as lines of JSON, in W3C's
 * shapes, on stdout and stdin (docs/api.md). Both sides offer at once; of two
 * offers that cross the one with the higher tie holds.
 * W3C WebRTC (RTCSessionDescriptionInit, RTCIceCandidateInit)
 */
#include "endpoints/signaling-private.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "http/calltext.h"

#define SHOWN "stdio:"
#define CONNECT_TIME (30 * VIA_S) /* from the answer to a connection */
#define BACK_TIME (15 * VIA_S)    /* for a lost path to be found again */
#define TIE_MAX 64                /* bytes of one that we take */

typedef struct
{
  ViaSignaling *base; /* not owned */
  gboolean is_persistent;
  GInputStream *in;
  GCancellable *cancellable;
  gchar bytes[4096];
  GString *line;       /* what has come of one that has not ended */
  gchar tie[17];       /* of the offer that waits; "": none does */
  guint64 session;     /* of the description of theirs that holds; 0: none */
  gboolean in_call;    /* something was agreed on */
  gboolean is_needed;  /* another offer, after the one that waits */
  gboolean is_reading; /* a read is under way */
  gboolean has_ended;
  ViaTime wake; /* a new call, or the end of this one */
  guint tries;
} Talk;

/* Bytes of this process's stdin go to one endpoint at a time. */
static struct
{
  GMutex lock;
  GCond free;
  gboolean is_taken;
} standard;

/* The one before may still be saying goodbye. */
static gboolean
claim (void)
{
  gint64 end = g_get_monotonic_time () + VIA_DIAL_BYE;
  gboolean is_ours;

  g_mutex_lock (&standard.lock);
  while (standard.is_taken
         && g_cond_wait_until (&standard.free, &standard.lock, end))
    ;
  is_ours = !standard.is_taken;
  standard.is_taken = TRUE;
  g_mutex_unlock (&standard.lock);
  return is_ours;
}

static void
let_go (void)
{
  g_mutex_lock (&standard.lock);
  standard.is_taken = FALSE;
  g_cond_signal (&standard.free);
  g_mutex_unlock (&standard.lock);
}

/* --- what we say --- */

static gboolean
write_all (const gchar *text, gsize len)
{
  while (len > 0) {
    gssize n = write (STDOUT_FILENO, text, len);

    if (n < 0 && errno == EAGAIN) { /* another process made it so */
      GPollFD fd = {.fd = STDOUT_FILENO, .events = G_IO_OUT};

      g_poll (&fd, 1, 100);
      continue;
    }
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    text += n;
    len -= (gsize) n;
  }
  return TRUE;
}

/* @text: (transfer full). A reader that has gone is heard of at stdin, or by
 * the media's end. */
static void
say (gchar *text)
{
  VIA_SECRET gchar *line = g_strconcat (text, "\n", NULL);

  via_secret_free (text);
  write_all (line, strlen (line));
}

static void
die (Talk *self, const gchar *why)
{
  self->has_ended = TRUE;
  self->wake = VIA_TIME_NEVER;
  via_signaling_dead (self->base, why);
}

/* The call is over, and no other can be had: nobody is there to talk to. */
static void
end (Talk *self, const gchar *why)
{
  if (self->has_ended)
    return;
  self->has_ended = TRUE;
  self->wake = VIA_TIME_NEVER;
  via_signaling_news (self->base, "ended", 0, why);
}

static void
again (Talk *self, const gchar *why)
{
  g_autofree gchar *text = g_strconcat (SHOWN " ", why, NULL);
  ViaTime wait = via_signaling_wait (self->tries);

  self->in_call = FALSE;
  self->session = 0;
  self->tie[0] = '\0';
  if (!self->is_persistent || !self->is_reading) {
    die (self, text);
    return;
  }
  self->tries++;
  self->wake = g_get_monotonic_time () + wait;
  via_signaling_retry (self->base, 0, text, wait);
}

/* In the call there is, or in a new one. */
static void
offer (Talk *self)
{
  g_autoptr (GError) error = NULL;
  VIA_SECRET gchar *sdp = NULL;

  self->is_needed = FALSE;
  self->wake = VIA_TIME_NEVER;
  if (via_signaling_offer (self->base,
          self->in_call ? VIA_SIGNALING_SAME : VIA_SIGNALING_NEW, &error))
    sdp = via_signaling_describe (self->base, &error);
  if (sdp == NULL) {
    again (self, error->message);
    return;
  }
  g_snprintf (self->tie, sizeof self->tie, "%08x%08x",
      via_rng_u32 (via_system_rng ()), via_rng_u32 (via_system_rng ()));
  say (via_calltext_description ("offer", sdp, self->tie));
}

/* --- what they say --- */

static void
settle (Talk *self, const gchar *sdp)
{
  gboolean is_new = !self->in_call;

  self->in_call = TRUE;
  self->session = via_signaling_session_of (sdp);
  self->tie[0] = '\0';
  if (is_new) {
    self->wake = g_get_monotonic_time () + CONNECT_TIME;
    via_signaling_news (self->base, "established", 0, SHOWN);
  }
  if (self->is_needed)
    offer (self);
}

/* Another session number: whoever offers was started anew. */
static void
hear_offer (Talk *self, const ViaCalltextMessage *message)
{
  gboolean is_same =
      self->in_call && self->session != 0
      && self->session == via_signaling_session_of (message->sdp);
  g_autoptr (GError) error = NULL;
  VIA_SECRET gchar *answer = NULL;

  if (self->tie[0] != '\0' && message->tie != NULL
      && strcmp (self->tie, message->tie) > 0)
    return; /* they answer ours */
  self->in_call = is_same;
  if (via_signaling_counter (self->base,
          is_same ? VIA_SIGNALING_SAME : VIA_SIGNALING_NEW, message->sdp,
          &error))
    answer = via_signaling_describe (self->base, &error);
  if (answer == NULL) {
    again (self, error->message);
    return;
  }
  say (via_calltext_description ("answer", answer, NULL));
  settle (self, message->sdp);
}

static void
hear_answer (Talk *self, const gchar *sdp)
{
  g_autoptr (GError) error = NULL;

  if (self->tie[0] == '\0')
    return; /* to what? */
  if (via_signaling_answer (self->base, sdp, &error))
    settle (self, sdp);
  else
    again (self, error->message);
}

/* Lines that are none of ours, as gst-launch-1.0 writes them, say nothing. */
static void
hear (Talk *self, const gchar *line, gsize len)
{
  g_auto (ViaCalltextMessage) message = {0};

  if (!via_calltext_read (&message, line, len, NULL)
      || (message.tie != NULL && strlen (message.tie) > TIE_MAX))
    return;
  if (message.type == VIA_CALLTEXT_OFFER)
    hear_offer (self, &message);
  else if (message.type == VIA_CALLTEXT_ANSWER)
    hear_answer (self, message.sdp);
  else if (message.type == VIA_CALLTEXT_CANDIDATE && self->in_call)
    via_signaling_their_candidate (
        self->base, message.mline, message.candidate);
  else if (message.type == VIA_CALLTEXT_BYE && self->in_call)
    self->wake = VIA_TIME_NEVER; /* and the media says goodbye, too */
}

/* --- stdin --- */

static void read_on (Talk *self);

/* After the end of stdin a call that stands goes on. */
static void
on_end (Talk *self)
{
  self->is_reading = FALSE;
  if (!self->in_call)
    end (self, SHOWN " nobody writes to stdin any more");
}

/* One that is too long to be ours is forgotten as it comes. */
static void
take_bytes (Talk *self, const gchar *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++) {
    if (bytes[i] != '\n') {
      if (self->line->len <= VIA_CALLTEXT_BYTES_MAX)
        g_string_append_c (self->line, bytes[i]);
      continue;
    }
    if (!self->has_ended)
      hear (self, self->line->str, self->line->len);
    g_string_truncate (self->line, 0);
  }
}

static void
on_bytes (GObject *source, GAsyncResult *result, gpointer data)
{
  Talk *self = data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  if (g_cancellable_is_cancelled (self->cancellable)) {
    self->is_reading = FALSE;
    return;
  }
  if (n > 0) {
    take_bytes (self, self->bytes, (gsize) n);
    read_on (self);
  } else {
    on_end (self);
  }
  via_signaling_wake (self->base);
}

static void
read_on (Talk *self)
{
  self->is_reading = TRUE;
  g_input_stream_read_async (self->in, self->bytes, sizeof self->bytes,
      G_PRIORITY_DEFAULT, self->cancellable, on_bytes, self);
}

/* --- the way --- */

static void
candidate (gpointer way, guint mline, const gchar *text, ViaTime now)
{
  Talk *self = way;

  if (self->in_call || self->tie[0] != '\0') /* else it is in what comes */
    say (via_calltext_candidate_init (mline, text));
}

static void
state (gpointer way, ViaConnectionState now_is, ViaTime now)
{
  Talk *self = way;

  if (!self->in_call)
    return;
  if (now_is == VIA_CONNECTION_CONNECTED) {
    self->tries = 0;
    self->wake = VIA_TIME_NEVER;
  } else if (now_is == VIA_CONNECTION_FAILED) {
    self->wake = now + BACK_TIME; /* ICE restarts: needed () */
  } else if (now_is == VIA_CONNECTION_CLOSED) {
    self->in_call = FALSE; /* whoever comes next offers */
    self->session = 0;
    self->wake = VIA_TIME_NEVER;
    if (!self->is_reading)
      end (self, SHOWN " the far end has ended the call");
  }
}

static void
needed (gpointer way, gboolean is_restart, ViaTime now)
{
  Talk *self = way;

  if (!self->in_call || !self->is_reading)
    return;
  if (self->tie[0] != '\0')
    self->is_needed = TRUE;
  else
    offer (self);
}

static void
stop (gpointer way, ViaTime now)
{
  Talk *self = way;

  if (!self->has_ended)
    say (via_calltext_bye ());
  self->has_ended = TRUE;
  via_signaling_finish (self->base);
}

static ViaTime
deadline (gpointer way)
{
  return ((Talk *) way)->wake;
}

static void
expire (gpointer way, ViaTime now)
{
  Talk *self = way;

  if (self->wake > now)
    return;
  if (self->in_call) {
    again (self, "no media connection comes about");
    return;
  }
  via_signaling_news (self->base, "calling", 0, SHOWN);
  offer (self);
}

static void
close_way (gpointer way)
{
  Talk *self = way;

  g_cancellable_cancel (self->cancellable);
  while (self->is_reading)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_object_unref (self->cancellable);
  g_object_unref (self->in);
  via_secret_free_string (self->line);
  g_free (self);
  let_go ();
}

/* Writing to nobody is no end of the process. */
static void
block_sigpipe (void)
{
  sigset_t set;

  sigemptyset (&set);
  sigaddset (&set, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
}

static gpointer
open_way (ViaSignaling *base, const ViaSignalingConfig *config, GError **error)
{
  Talk *self;

  if (!claim ()) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        "signaling-uri=" SHOWN " another endpoint of this process has stdin "
        "and stdout");
    return NULL;
  }
  block_sigpipe ();
  self = g_new0 (Talk, 1);
  self->base = base;
  self->is_persistent = config->is_persistent;
  self->in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  self->cancellable = g_cancellable_new ();
  self->line = g_string_sized_new (sizeof self->bytes);
  read_on (self);
  return self; /* wake: at once */
}

const ViaSignalingKind via_signaling_stdio = {
    .open = open_way,
    .close = close_way,
    .candidate = candidate,
    .state = state,
    .needed = needed,
    .stop = stop,
    .deadline = deadline,
    .expire = expire,
};
