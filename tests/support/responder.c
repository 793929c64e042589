/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/responder.c – answers mDNS questions for names that spell an
 * address.
 */
#include "responder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The address that the first name of @question spells. */
static gboolean
read_name (const guint8 *question, gsize len, guint8 out[4])
{
  gchar label[64] = "";
  guint a, b, c, d;

  if (len < 13 || question[12] > 63 || 13u + question[12] > len)
    return FALSE;
  memcpy (label, question + 13, question[12]);
  if (sscanf (label, "ip-%u-%u-%u-%u", &a, &b, &c, &d) != 4)
    return FALSE;
  out[0] = (guint8) a;
  out[1] = (guint8) b;
  out[2] = (guint8) c;
  out[3] = (guint8) d;
  return TRUE;
}

static gpointer
respond (gpointer data)
{
  Responder *self = data;
  struct pollfd fds[] = {{self->fd, POLLIN, 0}, {self->stop[0], POLLIN, 0}};

  while (poll (fds, 2, -1) > 0 && !(fds[1].revents & POLLIN)) {
    guint8 record[] = {0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 0, 0, 0, 0};
    guint8 message[512];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    gssize len = recvfrom (
        self->fd, message, 400, 0, (struct sockaddr *) &from, &from_len);

    if (len < 12 || (message[2] & 0x80)
        || !read_name (message, (gsize) len, record + 12)
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

void
responder_start (Responder *self, guint ignored)
{
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons (5353)};
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

void
responder_stop (Responder *self)
{
  g_assert_cmpint (write (self->stop[1], "", 1), ==, 1);
  g_thread_join (self->thread);
  close (self->stop[0]);
  close (self->stop[1]);
  close (self->fd);
}
