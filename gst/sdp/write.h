/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/write.h – a plan and our transport written as SDP.
 * Pure.
 * RFC 8866 · RFC 9429 §5.2, §5.3
 */
#pragma once

#include "sdp/plan.h"

G_BEGIN_DECLS

typedef struct
{
  const gchar *ufrag, *pwd;
  const gchar *fingerprint; /* "sha-256 AA:BB:…" */
  const gchar *const
      *candidates; /* NULL-terminated, without "a="; (nullable) */
  gboolean end_of_candidates;
  gboolean trickle; /* a=ice-options:trickle */
  gboolean is_lite; /* a=ice-lite */
} ViaLocalTransport;

/* CRLF lines. (transfer full) */
gchar *via_sdp_write (const ViaPlan *plan, const ViaLocalTransport *local);
/* The same where each m-line goes over the transport that @lines has in its
 * place; the candidates of one stand at the first m-line that goes over it. */
gchar *via_sdp_write_lines (
    const ViaPlan *plan, const ViaLocalTransport *const *lines);

G_END_DECLS
