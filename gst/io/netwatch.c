/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/netwatch.c – tells when the machine's IP addresses change: a netlink
 * socket on one loop, its news posted to the loops of those who asked.
 * rtnetlink(7)
 */
#include "io/netwatch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct _ViaNetWatch
{
  gatomicrefcount refs; /* news on their way hold one */
  ViaLoop *loop;
  ViaNetChanged changed;
  gpointer user;
  gboolean is_gone; /* loop thread */
};

/* The one socket; the first watch opens it, the last one closes it. */
typedef struct
{
  gatomicrefcount refs; /* of what is on its way to the loop */
  ViaLoop *loop;
  gint fd;
  ViaLoopWatch *watch;
  ViaLoopTimer timer;
  ViaNetChange change; /* not told yet */
  gboolean is_closed;
} Listener;

static GMutex lock;       /* guards the next two */
static GPtrArray *asking; /* ViaNetWatch, not owned; NULL: nobody */
static Listener *listener;

static void
watch_unref (ViaNetWatch *self)
{
  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/* --- news on its way --- */

typedef struct
{
  ViaNetWatch *to;
  ViaNetChange change;
} News;

static void
news_tell (gpointer data)
{
  News *news = data;

  if (!news->to->is_gone)
    news->to->changed (news->to->user, &news->change);
}

static void
news_free (gpointer data)
{
  News *news = data;

  watch_unref (news->to);
  g_free (news);
}

static void
tell_all (gpointer data)
{
  Listener *self = data;

  g_mutex_lock (&lock);
  for (guint i = 0; asking != NULL && i < asking->len; i++) {
    News *news = g_new (News, 1);

    *news = (News){asking->pdata[i], self->change};
    g_atomic_ref_count_inc (&news->to->refs);
    via_loop_post (news->to->loop, news_tell, news, news_free);
  }
  g_mutex_unlock (&lock);
  self->change = (ViaNetChange){FALSE, FALSE};
}

/* --- the socket; its own loop --- */

static void
on_readable (gpointer data, guint32 events)
{
  Listener *self = data;
  union
  {
    struct nlmsghdr align;
    guint8 bytes[8192];
  } buffer;
  gssize len;

  while (
      (len = recv (self->fd, buffer.bytes, sizeof buffer.bytes, MSG_DONTWAIT))
      > 0) {
    gint left = (gint) len;

    for (struct nlmsghdr *at = &buffer.align; NLMSG_OK (at, left);
         at = NLMSG_NEXT (at, left)) {
      self->change.has_lost |= at->nlmsg_type == RTM_DELADDR;
      self->change.has_found |= at->nlmsg_type == RTM_NEWADDR;
    }
  }
  if (self->change.has_lost || self->change.has_found)
    via_loop_timer_set (self->loop, &self->timer,
        via_loop_now (self->loop) + VIA_NETWATCH_SETTLE);
}

static gint
open_socket (void)
{
  struct sockaddr_nl name = {.nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
  gint fd = socket (
      AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);

  if (fd >= 0 && bind (fd, (struct sockaddr *) &name, sizeof name) != 0) {
    close (fd);
    return -1;
  }
  return fd;
}

static void
listener_unref (gpointer data)
{
  Listener *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_loop_release (self->loop);
  g_free (self);
}

static void
begin (gpointer data)
{
  Listener *self = data;

  if (!self->is_closed)
    self->watch =
        via_loop_watch (self->loop, self->fd, EPOLLIN, on_readable, self);
}

static void
end (gpointer data)
{
  Listener *self = data;

  self->is_closed = TRUE;
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  if (self->watch != NULL)
    via_loop_unwatch (self->loop, self->watch);
  close (self->fd);
}

/* Runs @func on its loop. */
static void
listener_post (Listener *self, ViaLoopFunc func)
{
  g_atomic_ref_count_inc (&self->refs);
  via_loop_post (self->loop, func, self, listener_unref);
}

static Listener *
listener_open (void)
{
  ViaLoop *loop;
  Listener *self;
  gint fd = open_socket ();

  if (fd < 0)
    return NULL;
  loop = via_loop_acquire ();
  if (loop == NULL) {
    close (fd);
    return NULL;
  }
  self = g_new0 (Listener, 1);
  g_atomic_ref_count_init (&self->refs);
  self->loop = loop;
  self->fd = fd;
  self->timer.func = tell_all;
  self->timer.data = self;
  listener_post (self, begin);
  return self;
}

/* --- watches --- */

ViaNetWatch *
via_netwatch_new (ViaLoop *loop, ViaNetChanged changed, gpointer user)
{
  ViaNetWatch *self = NULL;

  via_loop_assert (loop);
  g_mutex_lock (&lock);
  if (listener == NULL)
    listener = listener_open ();
  if (listener != NULL) {
    self = g_new0 (ViaNetWatch, 1);
    g_atomic_ref_count_init (&self->refs);
    self->loop = loop;
    self->changed = changed;
    self->user = user;
    if (asking == NULL)
      asking = g_ptr_array_new ();
    g_ptr_array_add (asking, self);
  }
  g_mutex_unlock (&lock);
  return self;
}

void
via_netwatch_free (ViaNetWatch *self)
{
  Listener *last = NULL;

  if (self == NULL)
    return;
  via_loop_assert (self->loop);
  self->is_gone = TRUE;
  g_mutex_lock (&lock);
  g_ptr_array_remove_fast (asking, self);
  if (asking->len == 0) {
    g_clear_pointer (&asking, g_ptr_array_unref);
    last = g_steal_pointer (&listener);
  }
  g_mutex_unlock (&lock);
  watch_unref (self);
  if (last != NULL) {
    listener_post (last, end);
    listener_unref (last);
  }
}
