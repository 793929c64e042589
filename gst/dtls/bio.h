/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/bio.h – an OpenSSL BIO that keeps datagrams apart, both ways.
 * Knows nothing of sockets; also the place where OpenSSL tells of its timer.
 * RFC 6347 §4.1.1, §4.2.4
 */
#pragma once

#include <glib.h>
#include <openssl/bio.h>

G_BEGIN_DECLS

#define VIA_BIO_MAX_DATAGRAMS 64 /* waiting to be sent; more are dropped */

typedef enum
{
  VIA_BIO_TIMER_SAME,
  VIA_BIO_TIMER_STARTED, /* a flight was sent, once more or the first time */
  VIA_BIO_TIMER_STOPPED, /* the flight was answered */
} ViaBioTimer;

/* NULL if OpenSSL has no memory. (transfer full) */
BIO *via_bio_new (void);
/* Makes @data what the next read gives, whole and once. @data is not copied:
 * take it back with NULL before it goes. */
void via_bio_put (BIO *bio, const guint8 *data, gsize len);
/* Takes the oldest datagram written. Returns its length; 0 if there is none.
 * One longer than @size is dropped. */
gsize via_bio_next (BIO *bio, guint8 *out, gsize size);
guint via_bio_n_waiting (BIO *bio);
/* How often each datagram written from now on is sent; 1 at first. */
void via_bio_set_copies (BIO *bio, guint copies);

/* What the retransmission timer did since the last call. */
ViaBioTimer via_bio_take_timer (BIO *bio);
/* Before DTLSv1_handle_timeout(): lets OpenSSL find its timer expired. Up to
 * OpenSSL 3.1 the timer then has no part in the wall clock at all; from 3.2
 * on this does nothing and OpenSSL looks at the clock. */
void via_bio_timer_due (BIO *bio);
/* Before the SSL object is freed: forgets its timer. */
void via_bio_detach (BIO *bio);

G_END_DECLS
