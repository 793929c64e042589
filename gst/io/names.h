/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/names.h – the far end's candidates on their way to a wire: those with a
 * ".local" name wait until its address is known, 1 s at most.
 * Loop thread only.
 * draft-ietf-mmusic-mdns-ice-candidates §3.2
 */
#pragma once

#include "io/loop.h"
#include "io/wire.h"

G_BEGIN_DECLS

#define VIA_NAMES_MAX 8 /* asked for at a time; more are dropped */

typedef struct _ViaNames ViaNames;

/* @wire: outlives it. (transfer full) */
ViaNames *via_names_new (ViaLoop *loop, ViaWire *wire);
void via_names_free (ViaNames *self);
/* As via_wire_add_candidate; TRUE too if it is asked for first. */
gboolean via_names_add (ViaNames *self, const gchar *candidate, GError **error);
/* As via_wire_end_of_candidates, once no name is asked for any more. */
void via_names_end (ViaNames *self);
/* Candidates whose name nobody answered for. */
guint via_names_dropped (const ViaNames *self);
/* Those, and what the wire could not use. */
guint via_names_refused (const ViaNames *self);

G_END_DECLS
