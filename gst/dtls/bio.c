/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/bio.c – an OpenSSL BIO that keeps datagrams apart, both ways.
 * Knows nothing of sockets, time or handshakes.
 * RFC 6347 §4.1.1, §4.2.4
 */
#include "dtls/bio.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/opensslv.h>

/* Seconds that no clock reaches, yet far from overflow in a subtraction. */
#define NEVER_S (G_MAXINT32 * (time_t) 64)

typedef struct
{
  const guint8 *in; /* (nullable) (transfer none) */
  gsize in_len;
  GQueue out; /* of GBytes */
  guint copies;
  ViaBioTimer timer;
  struct timeval *due; /* inside the SSL object; only before OpenSSL 3.2 */
} Wire;

static gboolean
timer_is_ours (void)
{
  /* Up to 3.1 BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT hands out the timer itself;
   * later versions a copy of it on the stack. */
  return OpenSSL_version_num () < 0x30200000UL;
}

static int
wire_create (BIO *bio)
{
  Wire *self = g_new0 (Wire, 1);

  self->copies = 1;
  g_queue_init (&self->out);
  BIO_set_data (bio, self);
  BIO_set_init (bio, 1);
  return 1;
}

static int
wire_destroy (BIO *bio)
{
  Wire *self = BIO_get_data (bio);

  if (self != NULL) {
    g_queue_clear_full (&self->out, (GDestroyNotify) g_bytes_unref);
    g_free (self);
  }
  BIO_set_data (bio, NULL);
  return 1;
}

static int
wire_read (BIO *bio, char *out, int size)
{
  Wire *self = BIO_get_data (bio);
  gsize len;

  BIO_clear_retry_flags (bio);
  if (self->in == NULL || out == NULL || size <= 0) {
    BIO_set_retry_read (bio);
    return -1;
  }
  len = MIN (self->in_len, (gsize) size);
  memcpy (out, self->in, len);
  self->in = NULL; /* what does not fit is lost, as with recv() */
  return (int) len;
}

static int
wire_write (BIO *bio, const char *data, int len)
{
  Wire *self = BIO_get_data (bio);

  BIO_clear_retry_flags (bio);
  if (len <= 0)
    return 0;
  /* Over the bound it is lost, which DTLS is made for. */
  for (guint i = 0; i < self->copies
                    && g_queue_get_length (&self->out) < VIA_BIO_MAX_DATAGRAMS;
       i++)
    g_queue_push_tail (&self->out, g_bytes_new (data, len));
  return len;
}

static void
wire_set_timer (Wire *self, struct timeval *when)
{
  gboolean is_on = when->tv_sec != 0 || when->tv_usec != 0;

  self->timer = is_on ? VIA_BIO_TIMER_STARTED : VIA_BIO_TIMER_STOPPED;
  self->due = is_on && timer_is_ours () ? when : NULL;
  if (self->due != NULL)
    self->due->tv_sec = NEVER_S;
}

static long
wire_ctrl (BIO *bio, int cmd, long larg, void *parg)
{
  Wire *self = BIO_get_data (bio);

  switch (cmd) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
      return 1;
    case BIO_CTRL_PENDING:
      return self->in != NULL ? (long) self->in_len : 0;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      wire_set_timer (self, parg);
      return 1;
    default: /* WPENDING too: a datagram written is gone */
      return 0;
  }
}

static BIO_METHOD *
wire_method (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    int type = BIO_get_new_index () | BIO_TYPE_SOURCE_SINK;
    BIO_METHOD *method = BIO_meth_new (type, "via datagrams");

    if (method == NULL)
      g_error ("BIO_meth_new: no memory");
    BIO_meth_set_create (method, wire_create);
    BIO_meth_set_destroy (method, wire_destroy);
    BIO_meth_set_read (method, wire_read);
    BIO_meth_set_write (method, wire_write);
    BIO_meth_set_ctrl (method, wire_ctrl);
    g_once_init_leave (&once, (gsize) method);
  }
  return (BIO_METHOD *) once;
}

BIO *
via_bio_new (void)
{
  return BIO_new (wire_method ());
}

void
via_bio_put (BIO *bio, const guint8 *data, gsize len)
{
  Wire *self = BIO_get_data (bio);

  self->in = data;
  self->in_len = data != NULL ? len : 0;
}

gsize
via_bio_next (BIO *bio, guint8 *out, gsize size)
{
  Wire *self = BIO_get_data (bio);

  while (!g_queue_is_empty (&self->out)) {
    g_autoptr (GBytes) bytes = g_queue_pop_head (&self->out);
    gsize len;
    const guint8 *data = g_bytes_get_data (bytes, &len);

    if (len <= size) {
      memcpy (out, data, len);
      return len;
    }
  }
  return 0;
}

guint
via_bio_n_waiting (BIO *bio)
{
  Wire *self = BIO_get_data (bio);

  return g_queue_get_length (&self->out);
}

void
via_bio_set_copies (BIO *bio, guint copies)
{
  Wire *self = BIO_get_data (bio);

  self->copies = copies;
}

ViaBioTimer
via_bio_take_timer (BIO *bio)
{
  Wire *self = BIO_get_data (bio);
  ViaBioTimer timer = self->timer;

  self->timer = VIA_BIO_TIMER_SAME;
  return timer;
}

void
via_bio_timer_due (BIO *bio)
{
  Wire *self = BIO_get_data (bio);

  if (self->due != NULL) {
    self->due->tv_sec = 0; /* long ago, but not zero: that is "off" */
    self->due->tv_usec = 1;
  }
}

void
via_bio_detach (BIO *bio)
{
  Wire *self = BIO_get_data (bio);

  self->due = NULL;
  self->timer = VIA_BIO_TIMER_SAME;
  self->in = NULL;
}
