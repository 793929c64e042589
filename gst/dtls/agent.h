/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/agent.h – one DTLS 1.2 association over datagrams handed in and out.
 * Sans-IO: feed, next, deadline, expire, poll state. No socket, no thread.
 * RFC 6347 · RFC 5764 · RFC 8842 · RFC 8122
 */
#pragma once

#include "base/srtpkeys.h"
#include "base/time.h"
#include "dtls/identity.h"

G_BEGIN_DECLS

#define VIA_DTLS_MTU 1200 /* bytes of one datagram we send */

typedef enum
{
  VIA_DTLS_NEW,
  VIA_DTLS_CONNECTING,
  VIA_DTLS_CONNECTED, /* finished AND the certificate matches */
  VIA_DTLS_CLOSED,    /* close_notify came or was sent */
  VIA_DTLS_FAILED,
} ViaDtlsState;

typedef struct
{
  const gchar *hash; /* "sha-256", "sha-384" or "sha-512" */
  const guint8 *digest;
  gsize len;
} ViaDtlsExpect;

typedef struct _ViaDtls ViaDtls;

/* @is_server: our setup is passive. @profiles: ours, preferred first, ended by
 * VIA_SRTP_NONE; NULL: GCM-128, GCM-256, CM-SHA1-80. @expect: the digest the
 * peer's certificate must have (copied). (transfer full) (nullable) */
ViaDtls *via_dtls_new (ViaIdentity *identity, gboolean is_server,
    const ViaSrtpProfile *profiles, const ViaDtlsExpect *expect,
    GError **error);
void via_dtls_free (ViaDtls *self);

/* Starts the handshake (a client then has a flight for _next). */
void via_dtls_start (ViaDtls *self, ViaTime now);
/* One datagram from the ICE-validated pair; @data is not kept. */
void via_dtls_feed (ViaDtls *self, const guint8 *data, gsize len, ViaTime now);
/* Copies the next datagram to send; 0 if there is none. @size >= 1500. */
gsize via_dtls_next (ViaDtls *self, guint8 *out, gsize size);
ViaTime via_dtls_deadline (const ViaDtls *self);
void via_dtls_expire (ViaDtls *self, ViaTime now);
/* Queues close_notify; no more media keys afterwards. */
void via_dtls_close (ViaDtls *self);

/* Application data: the oldest datagram that came; 0: none. One longer than
 * @size is dropped, and so are those over VIA_DTLS_WAITING. */
#define VIA_DTLS_WAITING 256
gsize via_dtls_read (ViaDtls *self, guint8 *out, gsize size);
/* Queues @data for _next as a record of its own. FALSE: not CONNECTED. */
gboolean via_dtls_write (ViaDtls *self, const guint8 *data, gsize len);

ViaDtlsState via_dtls_state (const ViaDtls *self);
/* Why it failed, for a person; NULL unless FAILED. No secrets. */
const gchar *via_dtls_failure (const ViaDtls *self);
/* Only in CONNECTED: exported keys, local and remote sides by our role. */
gboolean via_dtls_keys (const ViaDtls *self, ViaSrtpKeys *out);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaDtls, via_dtls_free)
