/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/reports.h – which address asks for statistics or health, and who may
 * read them. Knows no socket and no statistics.
 */
#pragma once

#include "http/reply.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_REPORT_HEALTH,  /* /healthz: can peers come in? */
  VIA_REPORT_METRICS, /* /metrics: Prometheus text */
  VIA_REPORT_PEERS,   /* /PATH/peers: JSON as of W3C getStats */
} ViaReportKind;

typedef enum
{
  VIA_REPORTS_NOT_OURS, /* @reply untouched */
  VIA_REPORTS_REPLIED,  /* @reply is complete: refused, or nothing to tell */
  VIA_REPORTS_WAIT,     /* for what @out_kind says */
} ViaReportsResult;

/* @base: PATH. Statistics are for this machine, and for tokens with the role
 * stats; health is for everybody. */
ViaReportsResult via_reports_request (const gchar *base,
    const ViaRequest *request, ViaReply *reply, ViaReportKind *out_kind);

G_END_DECLS
