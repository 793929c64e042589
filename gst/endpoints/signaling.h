/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling.h – carries offers and answers, on a thread of its own:
 * by WHIP or WHEP (http/dial), as a member of a room (docs/room-protocol.md),
 * over stdin and stdout, or through files. Knows no element.
 */
#pragma once

#include "http/dial.h"
#include "io/call.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ViaSignaling ViaSignaling;

/* Which way signaling-uri means; the order is that of an array. */
typedef enum
{
  VIA_SIGNALING_DIAL,
  VIA_SIGNALING_ROOM,
  VIA_SIGNALING_STDIO,
  VIA_SIGNALING_FILES,
} ViaSignalingWay;

/* What an offer, theirs or ours, is part of. */
typedef enum
{
  VIA_SIGNALING_NEW,     /* a call of its own, in the place of the last one */
  VIA_SIGNALING_SAME,    /* the call there is */
  VIA_SIGNALING_RESTART, /* it too, with ICE restarted; ours only */
} ViaSignalingCall;

/* All on the signaling's thread, which may wait in them; @user is alive
 * meanwhile. @who: whose call this is; one that is not the user's any more gets
 * errors. */
typedef struct
{
  /* Makes an offer; candidates are gathered from then on. */
  gboolean (*offer) (
      GObject *user, ViaSignaling *who, ViaSignalingCall call, GError **error);
  /* The same, with an answer to theirs. */
  gboolean (*counter) (GObject *user, ViaSignaling *who, ViaSignalingCall call,
      const gchar *offer, GError **error);
  /* Ours with the candidates so far. (transfer full) */
  gchar *(*describe) (GObject *user, ViaSignaling *who, GError **error);
  gboolean (*answer) (
      GObject *user, ViaSignaling *who, const gchar *answer, GError **error);
  /* One of theirs; "" ends them. */
  void (*candidate) (
      GObject *user, ViaSignaling *who, guint mline, const gchar *candidate);
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
  const gchar *token;    /* (nullable) */
  const gchar *tls_ca;   /* (nullable) */
  const gchar *name;     /* in a room, who we are */
  const gchar *app_data; /* (nullable) there too */
  gboolean asks_servers;
  gboolean is_persistent;
} ViaSignalingConfig;

/* Which way @uri means. FALSE with error SETTING, which names the rule. */
gboolean via_signaling_check (
    const gchar *uri, ViaSignalingWay *out_way, GError **error);

/* Starts calling; strings are copied, @user is held weakly. Any thread.
 * (transfer full) */
ViaSignaling *via_signaling_new (const ViaSignalingConfig *config,
    const ViaSignalingFuncs *funcs, GObject *user);
/* Hangs up: says goodbye without being waited for, but the end of the process
 * waits for it, VIA_DIAL_BYE at most. No func begins after return. Drops the
 * reference. Any thread but a loop. */
void via_signaling_stop (ViaSignaling *self);
ViaSignaling *via_signaling_ref (ViaSignaling *self);
void via_signaling_unref (ViaSignaling *self);

/* What the call says. Any thread. */
void via_signaling_candidate (
    ViaSignaling *self, guint mline, const gchar *candidate);
void via_signaling_state (ViaSignaling *self, ViaConnectionState state);
/* An offer of ours would change something; @is_restart: it would restart ICE.
 */
void via_signaling_needed (ViaSignaling *self, gboolean is_restart);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSignaling, via_signaling_unref)
