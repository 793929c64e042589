/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/litestream.c – the TCP connections of a port for many peers: datagrams
 * framed in a stream, slow ones dropped, unproved ones closed.
 * Home loop only.
 * RFC 6544 · RFC 4571
 */
#include "io/liteport_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ice/frame.h"
#include "io/sockaddr.h"

#define OUT_MAX (1 << 20) /* bytes that wait; then datagrams are dropped */
#define READ_ROUNDS 16
#define ACCEPT_ROUNDS 32

typedef struct
{
  ViaLiteStreams *owner;
  ViaIcePath path;
  gint fd;
  ViaLoopWatch *watch;
  ViaLoopTimer timer; /* to have proved itself */
  ViaFrameReader in;
  GByteArray *out;
  gsize out_pos; /* bytes of @out that are gone */
} Stream;

struct _ViaLiteStreams
{
  ViaLitePort *port;
  GHashTable *streams; /* flow → Stream, owned */
  guint64 next_flow;
};

static void
stream_free (gpointer data)
{
  Stream *stream = data;
  ViaLoop *loop = stream->owner->port->home;

  via_loop_timer_set (loop, &stream->timer, VIA_TIME_NEVER);
  via_loop_unwatch (loop, stream->watch);
  close (stream->fd);
  g_byte_array_unref (stream->out);
  g_free (stream);
}

static void
drop (Stream *stream)
{
  ViaLiteStreams *self = stream->owner;

  via_liteport_lose (self->port, &stream->path);
  g_hash_table_remove (self->streams, &stream->path.flow);
}

static void
on_prove_timeout (gpointer data)
{
  Stream *stream = data;

  if (!via_liteport_is_held (stream->owner->port, &stream->path))
    drop (stream);
}

/* FALSE: the connection is over. */
static gboolean
flush (Stream *stream)
{
  while (stream->out_pos < stream->out->len) {
    gssize n = send (stream->fd, stream->out->data + stream->out_pos,
        stream->out->len - stream->out_pos, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK;
    stream->out_pos += (gsize) n;
  }
  g_byte_array_set_size (stream->out, 0);
  stream->out_pos = 0;
  return TRUE;
}

static void
watch_for (Stream *stream)
{
  via_loop_watch_events (stream->owner->port->home, stream->watch,
      stream->out->len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Hands on what is whole. FALSE: the stream makes no sense. */
static gboolean
take_frames (Stream *stream)
{
  ViaFrameResult result;
  guint8 *data;
  gsize len;

  while (
      (result = via_frame_next (&stream->in, &data, &len)) == VIA_FRAME_WHOLE)
    via_liteport_route (stream->owner->port, &stream->path, data, len);
  return result == VIA_FRAME_PART;
}

/* FALSE: the connection is over. */
static gboolean
read_some (Stream *stream)
{
  for (guint round = 0; round < READ_ROUNDS; round++) {
    guint8 *room;
    gsize size = via_frame_room (&stream->in, &room);
    gssize n = recv (stream->fd, room, size, MSG_DONTWAIT);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK;
    if (n == 0)
      return FALSE;
    via_frame_add (&stream->in, (gsize) n);
    if (!take_frames (stream))
      return FALSE;
  }
  return TRUE;
}

static void
on_events (gpointer data, guint32 events)
{
  Stream *stream = data;

  if (((events & EPOLLOUT) && !flush (stream)) || !read_some (stream)) {
    drop (stream);
    return;
  }
  watch_for (stream);
}

ViaLiteStreams *
via_lite_streams_new (ViaLitePort *port)
{
  ViaLiteStreams *self = g_new0 (ViaLiteStreams, 1);

  self->port = port;
  self->streams =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, stream_free);
  self->next_flow = VIA_LITE_FIRST_FLOW;
  return self;
}

void
via_lite_streams_free (ViaLiteStreams *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->streams);
  g_free (self);
}

static void
add (ViaLiteStreams *self, gint fd, const ViaAddress *from)
{
  ViaLoop *loop = self->port->home;
  Stream *stream = g_new0 (Stream, 1);
  const gint yes = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  stream->owner = self;
  stream->path = (ViaIcePath){self->next_flow++, *from};
  stream->fd = fd;
  stream->out = g_byte_array_new ();
  stream->watch = via_loop_watch (loop, fd, EPOLLIN, on_events, stream);
  stream->timer.func = on_prove_timeout;
  stream->timer.data = stream;
  via_loop_timer_set (
      loop, &stream->timer, via_loop_now (loop) + VIA_LITEPORT_PROVE_S * VIA_S);
  g_hash_table_insert (self->streams, &stream->path.flow, stream);
}

void
via_lite_streams_accept (ViaLiteStreams *self, gint listening)
{
  for (guint round = 0; round < ACCEPT_ROUNDS; round++) {
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    gint fd = accept4 (listening, (struct sockaddr *) &name, &len,
        SOCK_NONBLOCK | SOCK_CLOEXEC);
    ViaAddress from;

    if (fd < 0)
      return;
    if (g_hash_table_size (self->streams) < VIA_LITEPORT_CONNECTIONS
        && via_sockaddr_read (&from, (struct sockaddr *) &name))
      add (self, fd, &from);
    else
      close (fd);
  }
}

gboolean
via_lite_streams_send (
    ViaLiteStreams *self, guint64 flow, const guint8 *data, gsize len)
{
  Stream *stream = g_hash_table_lookup (self->streams, &flow);
  const guint8 header[VIA_FRAME_HEADER] = {(guint8) (len >> 8), (guint8) len};

  if (stream == NULL || len > G_MAXUINT16
      || stream->out->len - stream->out_pos + len > OUT_MAX)
    return FALSE;
  if (stream->out_pos > 0) {
    g_byte_array_remove_range (stream->out, 0, (guint) stream->out_pos);
    stream->out_pos = 0;
  }
  g_byte_array_append (stream->out, header, sizeof header);
  g_byte_array_append (stream->out, data, (guint) len);
  /* what is over is told by its own next event */
  flush (stream);
  watch_for (stream);
  return TRUE;
}
