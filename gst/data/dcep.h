/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/dcep.h – the messages that open a data channel, as values and as bytes.
 * Pure: no state. RFC 8832 §5
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_DCEP_TEXT_MAX 1024 /* bytes of a label, and of a protocol */
#define VIA_DCEP_MAX (12 + 2 * VIA_DCEP_TEXT_MAX)

typedef enum
{
  VIA_DCEP_INVALID,
  VIA_DCEP_ACK,
  VIA_DCEP_OPEN,
} ViaDcepType;

typedef enum
{
  VIA_DCEP_RELIABLE,
  VIA_DCEP_RETRANSMITS, /* at most @limit of each message's pieces */
  VIA_DCEP_LIFETIME,    /* at most @limit ms */
} ViaDcepReliability;

typedef struct
{
  gboolean is_ordered;
  ViaDcepReliability reliability;
  guint32 limit;
  guint16 priority;              /* RFC 8831 §6.4 */
  const gchar *label, *protocol; /* UTF-8 without NUL, not NUL-terminated */
  gsize label_len, protocol_len; /* at most VIA_DCEP_TEXT_MAX */
} ViaDcepOpen;

/* What @data is; @out is set for VIA_DCEP_OPEN and points into @data. INVALID:
 * none of the two, a length that is wrong, a text that is too long or no
 * UTF-8. */
ViaDcepType via_dcep_read (const guint8 *data, gsize len, ViaDcepOpen *out);
/* Bytes written to @out, which has room for VIA_DCEP_MAX. */
gsize via_dcep_write_open (const ViaDcepOpen *open, guint8 *out);
gsize via_dcep_write_ack (guint8 *out);

G_END_DECLS
