/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/serverask.c – a socket, and what a server says over it. Loop thread only.
 */
#include "io/serverask.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ice/stun.h"
#include "ice/stunask.h"
#include "io/sockaddr.h"

#define CONNECT_WAIT (4 * VIA_S)
#define PORT_TRIES 32

struct _ViaServerAsk
{
  /* immutable */
  ViaLoop *loop;
  ViaServerAskFunc func;
  gpointer user;
  gchar *name;
  gboolean is_turn, is_stream, is_bridged;

  gint fd;
  ViaLoopWatch *watch;
  ViaLoopTimer timer;
  ViaIceServer *server; /* until it is asked */
  ViaStunAsk *ask;      /* NULL: not connected yet */
  gchar *text;          /* (nullable) why not even that */
};

static void
close_socket (ViaServerAsk *self)
{
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  if (self->watch != NULL)
    via_loop_unwatch (self->loop, self->watch);
  self->watch = NULL;
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

/* @text: (transfer full) (nullable) */
static void
finish (ViaServerAsk *self, guint code, gchar *text)
{
  close_socket (self);
  self->func (self->user, code, text); /* may free us */
  g_free (text);
}

/* --- words --- */

static gchar *
say (const ViaServerAsk *self, const gchar *before, const gchar *after)
{
  return g_strdup_printf (
      "%s: %s%s%s", self->is_turn ? "TURN" : "STUN", before, self->name, after);
}

static gchar *
say_errno (const ViaServerAsk *self, gint error)
{
  g_autofree gchar *why = NULL;

  switch (error) {
    case ECONNREFUSED:
      return say (self, "nothing listens at ", "");
    case ECONNRESET:
    case EPIPE:
      return say (self, "", " closed the connection without an answer");
    case ETIMEDOUT:
      return say (self, "no answer from ", "");
    case ENETUNREACH:
    case EHOSTUNREACH:
      return say (self, "there is no way from here to ", "");
    default:
      why = g_strdup_printf (": %s", g_strerror (error));
      return say (self, "", why);
  }
}

static void
finish_errno (ViaServerAsk *self, gint error)
{
  gboolean is_told =
      self->is_bridged && (error == ECONNRESET || error == EPIPE);

  finish (self, 0, is_told ? NULL : say_errno (self, error));
}

static void
finish_answer (ViaServerAsk *self, ViaStunAnswer answer, guint code)
{
  switch (answer) {
    case VIA_STUNASK_REFUSED:
      finish (self, code,
          g_strdup_printf ("%s %u: %s %s %s", self->is_turn ? "TURN" : "STUN",
              code, via_stunask_words (code), code == 401 ? "for" : "at",
              self->name));
      break;
    case VIA_STUNASK_SILENT:
      finish (self, 0, say (self, "no answer from ", ""));
      break;
    case VIA_STUNASK_NONSENSE:
      finish (self, 0,
          say (self, "what answers at ", " is no STUN or TURN server"));
      break;
    default: /* STUN: not behind a NAT. TURN: not in time, or redundant */
      finish (self, 0, NULL);
  }
}

/* --- asking --- */

/* TRUE: it is over, and @self perhaps gone. */
static gboolean
pump (ViaServerAsk *self)
{
  ViaTime now = via_loop_now (self->loop);
  guint8 message[VIA_STUN_MAX];
  ViaStunAnswer answer;
  guint code = 0;
  gsize len;

  via_stunask_expire (self->ask, now);
  while (
      (len = via_stunask_next (self->ask, message, sizeof message, now)) > 0) {
    gssize sent = send (self->fd, message, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0 && errno != EAGAIN) {
      finish_errno (self, errno);
      return TRUE;
    }
  }
  answer = via_stunask_answer (self->ask, &code);
  if (answer != VIA_STUNASK_OPEN) {
    finish_answer (self, answer, code);
    return TRUE;
  }
  via_loop_timer_set (
      self->loop, &self->timer, via_stunask_deadline (self->ask));
  return FALSE;
}

static void
on_readable (ViaServerAsk *self)
{
  guint8 data[VIA_STUN_MAX];

  for (;;) {
    gssize len = recv (self->fd, data, sizeof data, MSG_DONTWAIT);

    if (len < 0 && errno == EAGAIN)
      return;
    if (len < 0 || (len == 0 && self->is_stream)) {
      finish_errno (self, len < 0 ? errno : ECONNRESET);
      return;
    }
    via_stunask_feed (self->ask, data, (gsize) len, via_loop_now (self->loop));
    if (pump (self))
      return;
  }
}

static void
begin_asking (ViaServerAsk *self)
{
  const ViaStunAskConfig config = {self->server->user, self->server->password,
      self->is_stream, via_system_rng ()};

  self->ask = via_stunask_new (&config, via_loop_now (self->loop));
  g_clear_pointer (&self->server, via_ice_server_free);
  via_loop_watch_events (self->loop, self->watch, EPOLLIN);
  pump (self);
}

static void
on_events (gpointer data, guint32 events)
{
  ViaServerAsk *self = data;
  gint error = 0;
  socklen_t len = sizeof error;

  if (self->ask != NULL) {
    on_readable (self);
    return;
  }
  getsockopt (self->fd, SOL_SOCKET, SO_ERROR, &error, &len);
  if (error != 0)
    finish_errno (self, error);
  else
    begin_asking (self);
}

static void
on_timer (gpointer data)
{
  ViaServerAsk *self = data;

  if (self->ask != NULL)
    pump (self);
  else if (self->text != NULL)
    finish (self, 0, g_steal_pointer (&self->text));
  else if (self->is_stream)
    finish_errno (self, ETIMEDOUT);
  else
    begin_asking (self);
}

/* --- the socket --- */

/* FALSE: no port of the range is free. */
static gboolean
bind_port (ViaServerAsk *self, const ViaServerAskConfig *config, gboolean is_v6)
{
  ViaAddress from = {.is_v6 = is_v6};
  guint16 min = self->is_stream ? 0 : config->min_port;
  guint span = min > 0 ? (guint) config->max_port - min + 1 : 1;

  if (config->from == NULL && min == 0)
    return TRUE;
  if (config->from != NULL)
    from = *config->from;
  for (guint i = 0; i < PORT_TRIES; i++) {
    struct sockaddr_storage name;
    socklen_t len;

    from.port =
        (guint16) (min
                   + (min > 0 ? via_rng_u32 (via_system_rng ()) % span : 0));
    len = via_sockaddr_write (&from, &name);
    if (bind (self->fd, (struct sockaddr *) &name, len) == 0)
      return TRUE;
  }
  return FALSE;
}

/* 0 or an errno. */
static gint
open_socket (ViaServerAsk *self, const ViaServerAskConfig *config)
{
  ViaAddress to;
  struct sockaddr_storage name;
  socklen_t len;

  if (!via_sockaddr_parse (&to, config->server->host, config->server->port))
    return EADDRNOTAVAIL;
  self->fd = socket (to.is_v6 ? AF_INET6 : AF_INET,
      (self->is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK
          | SOCK_CLOEXEC,
      0);
  if (self->fd < 0)
    return errno;
  if (!self->is_bridged && !bind_port (self, config, to.is_v6))
    return EADDRINUSE;
  len = via_sockaddr_write (&to, &name);
  if (connect (self->fd, (struct sockaddr *) &name, len) < 0
      && errno != EINPROGRESS)
    return errno;
  return 0;
}

ViaServerAsk *
via_serverask_new (ViaLoop *loop, const ViaServerAskConfig *config,
    ViaServerAskFunc func, gpointer user)
{
  ViaServerAsk *self = g_new0 (ViaServerAsk, 1);
  ViaTime now = via_loop_now (loop);
  gint error;

  via_loop_assert (loop);
  self->loop = loop;
  self->func = func;
  self->user = user;
  self->name = via_ice_server_name (config->server);
  self->is_turn = config->server->user != NULL;
  self->is_stream = config->server->transport != VIA_TURN_UDP;
  self->is_bridged = config->server->is_bridged;
  self->server = via_ice_server_copy (config->server);
  self->timer.func = on_timer;
  self->timer.data = self;
  self->fd = -1;
  error = open_socket (self, config);
  if (error == 0)
    self->watch = via_loop_watch (
        loop, self->fd, self->is_stream ? EPOLLOUT : 0, on_events, self);
  else
    self->text = say_errno (self, error);
  via_loop_timer_set (loop, &self->timer,
      error == 0 && self->is_stream ? now + CONNECT_WAIT : now);
  return self;
}

void
via_serverask_free (ViaServerAsk *self)
{
  if (self == NULL)
    return;
  close_socket (self);
  via_ice_server_free (self->server);
  via_stunask_free (self->ask);
  g_free (self->name);
  g_free (self->text);
  g_free (self);
}
