/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling.h – carries offers and answers by WHIP or WHEP, on a
 * thread of its own: http/dial between http/client and an endpoint.
 * Knows no element.
 */
#pragma once

#include "http/dial.h"
#include "io/call.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ViaSignaling ViaSignaling;

/* All on the signaling's thread, which may wait in them; @user is alive
 * meanwhile. @who: whose call this is; one that is not the user's any more gets
 * errors. */
typedef struct
{
  /* An offer in a new call, or of the same one with ICE restarted; candidates
   * are gathered from then on. */
  gboolean (*offer) (
      GObject *user, ViaSignaling *who, gboolean is_restart, GError **error);
  /* The same, with an answer to theirs. */
  gboolean (*counter) (
      GObject *user, ViaSignaling *who, const gchar *offer, GError **error);
  /* Ours with the candidates so far. (transfer full) */
  gchar *(*describe) (GObject *user, ViaSignaling *who, GError **error);
  gboolean (*answer) (
      GObject *user, ViaSignaling *who, const gchar *answer, GError **error);
  /* Grows with what comes from the far end. */
  guint64 (*heard) (GObject *user, ViaSignaling *who);
  void (*server) (GObject *user, ViaSignaling *who, const gchar *link);
  void (*news) (GObject *user, ViaSignaling *who, const gchar *state,
      guint status, const gchar *text);
  void (*dead) (GObject *user, ViaSignaling *who, const gchar *why);
} ViaSignalingFuncs;

typedef struct
{
  const gchar *uri;
  const gchar *token;  /* (nullable) */
  const gchar *tls_ca; /* (nullable) */
  gboolean asks_servers;
  gboolean is_persistent;
} ViaSignalingConfig;

/* Starts calling; strings are copied, @user is held weakly. NULL with error
 * SETTING. Any thread. (transfer full) */
ViaSignaling *via_signaling_new (const ViaSignalingConfig *config,
    const ViaSignalingFuncs *funcs, GObject *user, GError **error);
/* Hangs up: says goodbye without being waited for, but the end of the process
 * waits for it, VIA_DIAL_BYE at most. No func begins after return. Drops the
 * reference. Any thread but a loop. */
void via_signaling_stop (ViaSignaling *self);
ViaSignaling *via_signaling_ref (ViaSignaling *self);
void via_signaling_unref (ViaSignaling *self);

/* What the call says. Any thread. */
void via_signaling_candidate (ViaSignaling *self, const gchar *candidate);
void via_signaling_state (ViaSignaling *self, ViaConnectionState state);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSignaling, via_signaling_unref)
