/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/drop.c – names and counters of drop reasons.
 * Values only; logs nothing.
 */
#include "base/drop.h"

const gchar *
via_drop_name (ViaDrop drop)
{
  static const gchar *const names[VIA_N_DROPS] = {
      [VIA_DROP_NONE] = "none",
      [VIA_DROP_MALFORMED] = "malformed",
      [VIA_DROP_UNKNOWN_TYPE] = "unknown-type",
      [VIA_DROP_NOT_READY] = "not-ready",
      [VIA_DROP_AUTH] = "auth",
      [VIA_DROP_REPLAY] = "replay",
      [VIA_DROP_UNKNOWN_SSRC] = "unknown-ssrc",
      [VIA_DROP_UNKNOWN_PT] = "unknown-pt",
      [VIA_DROP_LIMIT] = "limit",
      [VIA_DROP_NOT_NEGOTIATED] = "not-negotiated",
      [VIA_DROP_WAIT_KEYFRAME] = "wait-keyframe",
      [VIA_DROP_SEND] = "send",
  };

  g_return_val_if_fail ((guint) drop < VIA_N_DROPS, "unknown");
  return names[drop];
}

void
via_drop_count (ViaDropCounters *self, ViaDrop drop)
{
  g_return_if_fail ((guint) drop < VIA_N_DROPS);
  if (drop != VIA_DROP_NONE)
    self->count[drop]++;
}
