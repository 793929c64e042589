/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/netwatch.c – tells when the machine's IP addresses change: a netlink
 * socket on one loop, its news posted to the loops of those who asked.
 * rtnetlink(7)
 */
#include "io/netwatch.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
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
  GHashTable *running; /* indices of the interfaces that are */
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
note_link (Listener *self, gpointer index, guint flags)
{
  gboolean runs = (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;

  if (runs)
    self->change.has_found |= g_hash_table_add (self->running, index);
  else
    self->change.has_lost |= g_hash_table_remove (self->running, index);
}

/* Interfaces tell also of what does not matter here. */
static void
note (Listener *self, const struct nlmsghdr *news)
{
  const struct ifinfomsg *link = NLMSG_DATA (news);

  self->change.has_lost |= news->nlmsg_type == RTM_DELADDR;
  self->change.has_found |= news->nlmsg_type == RTM_NEWADDR;
  if ((news->nlmsg_type == RTM_NEWLINK || news->nlmsg_type == RTM_DELLINK)
      && news->nlmsg_len >= NLMSG_LENGTH (sizeof *link))
    note_link (self, GINT_TO_POINTER (link->ifi_index),
        news->nlmsg_type == RTM_NEWLINK ? link->ifi_flags : 0);
}

/* What runs already is no news. */
static void
note_all_links (Listener *self)
{
  struct ifaddrs *all = NULL;

  self->running = g_hash_table_new (NULL, NULL);
  if (getifaddrs (&all) != 0)
    return;
  for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
    note_link (self, GINT_TO_POINTER ((gint) if_nametoindex (i->ifa_name)),
        i->ifa_flags);
  freeifaddrs (all);
  self->change = (ViaNetChange){FALSE, FALSE};
}

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
         at = NLMSG_NEXT (at, left))
      note (self, at);
  }
  if (self->change.has_lost || self->change.has_found)
    via_loop_timer_set (self->loop, &self->timer,
        via_loop_now (self->loop) + VIA_NETWATCH_SETTLE);
}

static gint
open_socket (void)
{
  struct sockaddr_nl name = {.nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
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
  g_clear_pointer (&self->running, g_hash_table_unref);
  g_free (self);
}

static void
begin (gpointer data)
{
  Listener *self = data;

  if (self->is_closed)
    return;
  note_all_links (self);
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
