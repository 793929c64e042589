/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling_files.c – an offer and an answer through two files of a
 * folder (docs/api.md). Who finds no offer there makes one; who finds one
 * answers it. Nothing trickles: what is written has every candidate.
 *
 *   LOOKING → MAKING → OFFERED → IN_CALL     LOOKING: every 100 ms
 *      ↑    ↘ ANSWERING → ANSWERED ↗         any, when it did not work →
 * LOOKING
 */
#include "endpoints/signaling-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "http/calltext.h"

#define LOOK_EVERY (100 * VIA_MS)
#define CONNECT_TIME (20 * VIA_S)
#define PASTE_TIME (300 * VIA_S) /* a person has to carry our answer */

typedef struct
{
  ViaSignaling *base; /* not owned */
  gboolean is_persistent;
  gchar *folder, *offer_path, *answer_path;
  enum
  {
    LOOKING,
    MAKING,    /* our offer gathers */
    ANSWERING, /* our answer does */
    OFFERED,
    ANSWERED, /* to be connected */
    IN_CALL,  /* agreed on by an answer to ours, or connected */
    OVER,
  } phase;
  gint lock;           /* fd of our offer, locked while we live; -1: none */
  gboolean is_foreign; /* the offer is none that was made here */
  ViaTime wake;
  guint tries;
} Meeting;

/* --- files --- */

/* What @path has, if it is all there. -1: it is not. Else an fd, which the
 * caller closes. */
static gint
read_file (const gchar *path, ViaCalltextMessage *out)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  VIA_SECRET gchar *text = NULL;
  struct stat info;
  gssize n = -1;

  if (fd < 0)
    return -1;
  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode)
      && info.st_size <= VIA_CALLTEXT_BYTES_MAX) {
    text = g_malloc0 ((gsize) info.st_size + 1);
    n = read (fd, text, (gsize) info.st_size);
  }
  if (n > 0 && via_calltext_read (out, text, (gsize) n, NULL))
    return fd;
  close (fd);
  return -1;
}

/* Which file this is: a copy of it, carried by a person, is another one. */
static gboolean
name_file (gint fd, gchar *out, gsize size)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return FALSE;
  g_snprintf (out, size, "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x",
      (guint64) info.st_dev, (guint64) info.st_ino);
  return TRUE;
}

/* Its writer was one of us and is gone: he would hold its lock. */
static gboolean
is_stale (gint fd, const ViaCalltextMessage *message)
{
  gchar name[64];

  return message->tie != NULL && name_file (fd, name, sizeof name)
         && g_str_equal (name, message->tie)
         && flock (fd, LOCK_EX | LOCK_NB) == 0;
}

/* @path with @sdp, whole or not at all; -1 with errno: EEXIST – somebody was
 * first. Else an fd that holds its lock. */
static gint
write_file (
    Meeting *self, const gchar *path, const gchar *type, const gchar *sdp)
{
  g_autofree gchar *temporary =
      g_build_filename (self->folder, ".via-XXXXXX", NULL);
  gint fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0600);
  VIA_SECRET gchar *text = NULL;
  gchar name[64];
  gint error = 0;

  if (fd < 0)
    return -1;
  if (flock (fd, LOCK_EX | LOCK_NB) != 0 || !name_file (fd, name, sizeof name))
    error = errno;
  text = via_calltext_description (
      type, sdp, g_str_equal (type, "offer") ? name : NULL);
  if (error == 0
      && (write (fd, text, strlen (text)) != (gssize) strlen (text)
          || write (fd, "\n", 1) != 1))
    error = ENOSPC;
  if (error == 0 && link (temporary, path) != 0)
    error = errno;
  g_unlink (temporary);
  if (error == 0)
    return fd;
  close (fd);
  errno = error;
  return -1;
}

/* Takes back what of ours nobody has taken. */
static void
clean (Meeting *self)
{
  if (self->phase == OFFERED)
    g_unlink (self->offer_path);
  if (self->phase == ANSWERED)
    g_unlink (self->answer_path);
  if (self->lock >= 0)
    close (self->lock);
  self->lock = -1;
}

/* --- tries --- */

static void
die (Meeting *self, const gchar *text)
{
  clean (self);
  self->phase = OVER;
  self->wake = VIA_TIME_NEVER;
  via_signaling_dead (self->base, text);
}

static void
again (Meeting *self, const gchar *why)
{
  g_autofree gchar *text = g_strdup_printf ("%s: %s", self->folder, why);
  ViaTime wait = via_signaling_wait (self->tries);

  if (!self->is_persistent) {
    die (self, text);
    return;
  }
  clean (self);
  self->tries++;
  self->phase = LOOKING;
  self->wake = g_get_monotonic_time () + wait;
  via_signaling_retry (self->base, 0, text, wait);
}

static void
look_soon (Meeting *self, ViaTime now)
{
  self->wake = now + LOOK_EVERY;
}

/* --- offer and answer --- */

static void
make_offer (Meeting *self, ViaTime now)
{
  g_autoptr (GError) error = NULL;

  if (!via_signaling_offer (self->base, VIA_SIGNALING_NEW, &error)) {
    again (self, error->message);
    return;
  }
  self->phase = MAKING;
  self->wake = now + VIA_DIAL_GATHER_ALL;
}

static void
make_answer (Meeting *self, const gchar *offer, ViaTime now)
{
  g_autoptr (GError) error = NULL;

  if (!via_signaling_counter (self->base, VIA_SIGNALING_NEW, offer, &error)) {
    again (self, error->message);
    return;
  }
  self->phase = ANSWERING;
  self->wake = now + VIA_DIAL_GATHER_ALL;
}

static void
look (Meeting *self, ViaTime now)
{
  g_auto (ViaCalltextMessage) message = {0};
  gint fd = read_file (self->offer_path, &message);
  gboolean has_answer = g_access (self->answer_path, F_OK) == 0;

  look_soon (self, now);
  if (fd < 0) {
    if (g_access (self->offer_path, F_OK) != 0)
      make_offer (self, now);
    return; /* else it is being written */
  }
  self->is_foreign = message.tie == NULL;
  if (is_stale (fd, &message)) {
    g_unlink (self->answer_path);
    g_unlink (self->offer_path);
  } else if (message.type == VIA_CALLTEXT_OFFER && !has_answer) {
    make_answer (self, message.sdp, now);
  }
  close (fd);
}

static void
fail_write (Meeting *self, ViaTime now)
{
  g_autofree gchar *text = NULL;

  if (errno == EEXIST) { /* somebody was first */
    self->phase = LOOKING;
    look_soon (self, now);
    return;
  }
  text = g_strdup_printf ("signaling-uri: cannot write to %s: %s", self->folder,
      g_strerror (errno));
  die (self, text);
}

/* Every candidate is known. */
static void
write_down (Meeting *self, ViaTime now)
{
  gboolean is_offer = self->phase == MAKING;
  g_autoptr (GError) error = NULL;
  VIA_SECRET gchar *sdp = via_signaling_describe (self->base, &error);
  gint fd;

  if (sdp == NULL) {
    again (self, error->message);
    return;
  }
  if (is_offer)
    g_unlink (self->answer_path); /* to nothing */
  fd = write_file (self, is_offer ? self->offer_path : self->answer_path,
      is_offer ? "offer" : "answer", sdp);
  if (fd < 0) {
    fail_write (self, now);
    return;
  }
  if (is_offer) {
    self->lock = fd;
    self->phase = OFFERED;
    look_soon (self, now);
    return;
  }
  close (fd);
  self->phase = ANSWERED;
  self->wake = now + (self->is_foreign ? PASTE_TIME : CONNECT_TIME);
  via_signaling_news (self->base, "established", 0, self->folder);
}

static void
look_for_answer (Meeting *self, ViaTime now)
{
  g_auto (ViaCalltextMessage) message = {0};
  g_autoptr (GError) error = NULL;
  gint fd = read_file (self->answer_path, &message);

  look_soon (self, now);
  if (fd < 0)
    return;
  close (fd);
  if (message.type != VIA_CALLTEXT_ANSWER)
    return;
  g_unlink (self->offer_path);
  g_unlink (self->answer_path);
  self->phase = IN_CALL;
  clean (self);
  if (!via_signaling_answer (self->base, message.sdp, &error)) {
    again (self, error->message);
    return;
  }
  self->wake = now + CONNECT_TIME;
  via_signaling_news (self->base, "established", 0, self->folder);
}

/* --- the way --- */

static void
candidate (gpointer way, guint mline, const gchar *text, ViaTime now)
{
  Meeting *self = way;

  if (*text == '\0' && (self->phase == MAKING || self->phase == ANSWERING))
    self->wake = now;
}

static void
state (gpointer way, ViaConnectionState now_is, ViaTime now)
{
  Meeting *self = way;

  if (self->phase != ANSWERED && self->phase != IN_CALL)
    return;
  if (now_is == VIA_CONNECTION_CONNECTED) {
    if (self->phase == ANSWERED && self->is_foreign) { /* nobody else will */
      g_unlink (self->offer_path);
      g_unlink (self->answer_path);
    }
    self->phase = IN_CALL;
    self->tries = 0;
    self->wake = VIA_TIME_NEVER;
  } else if (now_is == VIA_CONNECTION_FAILED) {
    again (self, "the connection is lost");
  } else if (now_is == VIA_CONNECTION_CLOSED) {
    again (self, "the far end has ended the call");
  }
}

static void
stop (gpointer way, ViaTime now)
{
  Meeting *self = way;

  clean (self);
  self->phase = OVER;
  via_signaling_finish (self->base);
}

static ViaTime
deadline (gpointer way)
{
  return ((Meeting *) way)->wake;
}

static void
expire (gpointer way, ViaTime now)
{
  Meeting *self = way;

  if (self->wake > now)
    return;
  self->wake = VIA_TIME_NEVER;
  if (self->phase == LOOKING)
    look (self, now);
  else if (self->phase == MAKING || self->phase == ANSWERING)
    write_down (self, now);
  else if (self->phase == OFFERED)
    look_for_answer (self, now);
  else if (self->phase == ANSWERED || self->phase == IN_CALL)
    again (self, "no media connection comes about");
}

static void
close_way (gpointer way)
{
  Meeting *self = way;

  clean (self);
  g_free (self->folder);
  g_free (self->offer_path);
  g_free (self->answer_path);
  g_free (self);
}

static gpointer
open_way (ViaSignaling *base, const ViaSignalingConfig *config, GError **error)
{
  Meeting *self = g_new0 (Meeting, 1);

  self->base = base;
  self->is_persistent = config->is_persistent;
  self->lock = -1;
  self->folder = g_filename_from_uri (config->uri, NULL, error);
  self->offer_path = g_build_filename (self->folder, "offer.json", NULL);
  self->answer_path = g_build_filename (self->folder, "answer.json", NULL);
  if (g_mkdir_with_parents (self->folder, 0700) == 0)
    return self; /* looks at once */
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "signaling-uri=%s: %s is no folder and cannot be made: %s", config->uri,
      self->folder, g_strerror (errno));
  close_way (self);
  return NULL;
}

const ViaSignalingKind via_signaling_files = {
    .open = open_way,
    .close = close_way,
    .candidate = candidate,
    .state = state,
    .stop = stop,
    .deadline = deadline,
    .expire = expire,
};
