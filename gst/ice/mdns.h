/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/mdns.h – asking the local network for the address behind a browser's
 * ".local" name: the question and what of an answer is for us.
 * Pure.
 * RFC 6762 §5.1, §6.7 · RFC 1035 §4 · draft-ietf-mmusic-mdns-ice-candidates
 */
#pragma once

#include "base/address.h"

G_BEGIN_DECLS

#define VIA_MDNS_PORT 5353
#define VIA_MDNS_QUESTION 300 /* bytes that hold any question */

/* TRUE for one label and ".local", of letters, digits, '-' and '_'. */
gboolean via_mdns_is_name (const gchar *name);
/* One shot: for A and AAAA, answered to us alone. Returns the length, 0 if
 * @name is none or @size too small. */
gsize via_mdns_write_question (const gchar *name, guint8 *out, gsize size);
/* The addresses that a response gives for @name, port 0; at most @max. */
guint via_mdns_read_answer (const gchar *name, const guint8 *data, gsize len,
    ViaAddress *out, guint max);

G_END_DECLS
