/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/candidate.h – an ICE candidate: text and value.
 * Pure.
 * RFC 8839 §5.1 · RFC 6544 §4.5
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_CANDIDATE_HOST,
  VIA_CANDIDATE_SRFLX,
  VIA_CANDIDATE_PRFLX,
  VIA_CANDIDATE_RELAY,
} ViaCandidateType;

typedef enum
{
  VIA_TRANSPORT_UDP,
  VIA_TRANSPORT_TCP_ACTIVE,
  VIA_TRANSPORT_TCP_PASSIVE,
  VIA_TRANSPORT_TCP_SO,
} ViaCandidateTransport;

typedef struct
{
  gchar foundation[33];
  guint component;
  ViaCandidateTransport transport;
  guint32 priority;
  gchar address[256]; /* literal or an mDNS name */
  guint16 port;
  ViaCandidateType type;
  gchar related_address[64]; /* "" : none */
  guint16 related_port;
  gboolean is_mdns; /* address ends in .local */
} ViaCandidate;

/* Reads "candidate:…", with or without "a=". Errors: SYNTAX naming the field,
 * LIMIT (over 512 bytes), REFUSED (multicast, unspecified, port 0 with UDP),
 * UNSUPPORTED (ssltcp and other transports). */
gboolean via_candidate_parse (
    ViaCandidate *out, const gchar *text, GError **error);
/* "candidate:…" without "a=". (transfer full) */
gchar *via_candidate_to_string (const ViaCandidate *self);
const gchar *via_candidate_type_name (ViaCandidateType type);

G_END_DECLS
