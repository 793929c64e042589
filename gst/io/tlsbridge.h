/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/tlsbridge.h – TURN over real TLS: a TCP port of 127.0.0.1 whose bytes go
 * to the server through TLS, its certificate and name proved. Fails closed:
 * nothing leaves in clear text, and nothing before the proof.
 * One thread of the process, `via-tls`, serves all of them. Knows no TURN.
 * RFC 8656 §3.1 · RFC 8446 · RFC 9525 (names)
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_TLSBRIDGE_CONNECTIONS 64
#define VIA_TLSBRIDGE_CONNECT_S 10 /* TCP and TLS together */

typedef struct _ViaTlsBridge ViaTlsBridge;

typedef struct
{
  const gchar *host;    /* whom the certificate must name; a name or address */
  const gchar *address; /* (nullable) where it is, if resolved already */
  guint16 port;
  const gchar *ca_file; /* (nullable) PEM; NULL: the system's authorities */
  gboolean verify;      /* FALSE: any certificate (a setting of the user) */
} ViaTlsBridgeConfig;

/* @why: for a person, names host, port and what was wrong; on `via-tls`. */
typedef void (*ViaTlsBridgeFailed) (gpointer user, const gchar *why);

/* Listens; connects to the server for each connection it gets. Errors: SETTING
 * (@ca_file holds no certificate), IO, UNSUPPORTED (no TLS in this GLib: names
 * the package). Any thread. */
ViaTlsBridge *via_tlsbridge_new (const ViaTlsBridgeConfig *config,
    ViaTlsBridgeFailed failed, gpointer user, GError **error);
/* Cuts its connections. @failed does not run after return. Any thread but
 * `via-tls`. */
void via_tlsbridge_free (ViaTlsBridge *self);
/* To be given to the TURN client, with 127.0.0.1 and TCP. */
guint16 via_tlsbridge_port (const ViaTlsBridge *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaTlsBridge, via_tlsbridge_free)
