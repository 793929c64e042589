/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/tlsbridges.h – the bridges of one element and its children: one per TURN
 * server, made when it is first needed.
 */
#pragma once

#include <glib-object.h>
#include "io/tlsbridge.h"

G_BEGIN_DECLS

#define VIA_TLSBRIDGES_MAX 64 /* servers, in the life of an element */

typedef struct _ViaTlsBridges ViaTlsBridges;

/* @failed: on via-app, once per connection that failed; needs an acquire of
 * via-app while they are open. @user: a reference is taken until _close. */
ViaTlsBridges *via_tlsbridges_new (
    void (*failed) (GObject *user, const gchar *server, const gchar *why),
    GObject *user);
ViaTlsBridges *via_tlsbridges_ref (ViaTlsBridges *self);
void via_tlsbridges_unref (ViaTlsBridges *self);
/* Ends them all; there will be no more. Any thread but loops and `via-tls`. */
void via_tlsbridges_close (ViaTlsBridges *self);
/* The local port of the bridge to that server; 0 with error: STATE after
 * _close, LIMIT, else as via_tlsbridge_new. Any thread but loops and
 * `via-tls`. */
guint16 via_tlsbridges_port (
    ViaTlsBridges *self, const ViaTlsBridgeConfig *config, GError **error);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaTlsBridges, via_tlsbridges_unref)
