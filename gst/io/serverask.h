/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/serverask.h – asks a STUN or TURN server, over a socket of its own, why it
 * gave no candidate, and puts that in words.
 * Loop thread only. RFC 8489 · RFC 8656
 */
#pragma once

#include "base/address.h"
#include "ice/turnurl.h"
#include "io/loop.h"

G_BEGIN_DECLS

typedef struct _ViaServerAsk ViaServerAsk;

/* Once, never from inside _new; may free the asking. @code: of STUN, else 0.
 * @text: what is wrong, for a person; NULL: nothing, now that it is asked, or
 * its bridge tells. */
typedef void (*ViaServerAskFunc) (gpointer user, guint code, const gchar *text);

typedef struct
{
  const ViaIceServer *server; /* host is an address; STUN if it has no user */
  const ViaAddress *from;     /* (nullable) else as the system routes */
  guint16 min_port, max_port; /* 0: any; of UDP, as for candidates */
} ViaServerAskConfig;

/* (transfer full) */
ViaServerAsk *via_serverask_new (ViaLoop *loop,
    const ViaServerAskConfig *config, ViaServerAskFunc func, gpointer user);
/* @func is not called any more. */
void via_serverask_free (ViaServerAsk *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaServerAsk, via_serverask_free)
