/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/reports.c – which address asks for statistics or health, and who may
 * read them. Knows no socket and no statistics.
 */
#include "http/reports.h"

#include <string.h>

#include "http/auth.h"
#include "http/gate.h"

#define METHODS "OPTIONS, GET, HEAD"

static gboolean
find (const gchar *base, const gchar *path, ViaReportKind *out)
{
  gsize len = strlen (base);

  if (!strcmp (path, "/healthz"))
    *out = VIA_REPORT_HEALTH;
  else if (!strcmp (path, "/metrics"))
    *out = VIA_REPORT_METRICS;
  else if (path[0] == '/' && !strncmp (path + 1, base, len)
           && !strcmp (path + 1 + len, "/peers"))
    *out = VIA_REPORT_PEERS;
  else
    return FALSE;
  return TRUE;
}

ViaReportsResult
via_reports_request (const gchar *base, const ViaRequest *request,
    ViaReply *reply, ViaReportKind *out_kind)
{
  if (!find (base, request->path, out_kind))
    return VIA_REPORTS_NOT_OURS;
  if (!strcmp (request->method, "OPTIONS")) {
    reply->status = 204;
    via_reply_header (reply, "Allow", METHODS);
  } else if (strcmp (request->method, "GET")
             && strcmp (request->method, "HEAD")) {
    via_reply_not_allowed (reply, METHODS);
  } else if (*out_kind == VIA_REPORT_HEALTH || request->is_local) {
    return VIA_REPORTS_WAIT;
  } else if (request->roles != 0 && !request->has_token) {
    via_reply_problem (reply, 403,
        "Statistics are for this machine, and for tokens with the role stats");
  } else if (via_gate_has_role (request, VIA_AUTH_STATS, reply)) {
    return VIA_REPORTS_WAIT;
  }
  return VIA_REPORTS_REPLIED;
}
