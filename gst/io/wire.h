/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/wire.h – the way to one peer, whatever ICE makes it: full (io/icewire) or
 * lite on a shared port (io/litewire).
 * Loop thread only. Bytes and candidates in and out; knows no DTLS and no RTP.
 * RFC 8445 · RFC 8838 (trickle)
 */
#pragma once

#include "base/error.h"
#include "ice/candidate.h"
#include "io/udpsend.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_ICE_NEW,
  VIA_ICE_CHECKING,
  VIA_ICE_CONNECTED,    /* a pair is valid and selected */
  VIA_ICE_DISCONNECTED, /* consent is being lost */
  VIA_ICE_FAILED,
} ViaIceState;

/* One side of the selected pair. */
typedef struct
{
  ViaCandidateType type;
  gboolean is_tcp;
  gchar address[64];
  guint16 port;
} ViaWireEnd;

typedef struct
{
  ViaWireEnd local, remote;
  gchar server[300]; /* who relays for us: "192.0.2.1:3478/udp"; "": nobody */
} ViaWirePair;

/* All called on the loop thread, never from inside a call to the wire. */
typedef struct
{
  void (*candidate) (gpointer user, const gchar *candidate); /* no "a=" */
  void (*gathering_done) (gpointer user);
  void (*state) (gpointer user, ViaIceState state);
  void (*datagram) (gpointer user, guint8 *data, gsize len); /* not STUN */
  /* (nullable) Another pair is selected than before. */
  void (*pair) (gpointer user);
  /* (nullable) A STUN or TURN server gave no candidate. @code: of STUN, else 0;
   * @text: why, for a person. After gathering_done. */
  void (*server_failed) (
      gpointer user, const gchar *server, guint code, const gchar *text);
} ViaIceFuncs;

typedef struct _ViaWire ViaWire;

typedef struct
{
  gboolean is_lite; /* what we are */
  void (*free) (ViaWire *self);
  const gchar *(*ufrag) (const ViaWire *self);
  const gchar *(*pwd) (const ViaWire *self);
  const gchar *const *(*candidates) (const ViaWire *self);
  gboolean (*gather) (ViaWire *self, GError **error);
  gboolean (*set_remote) (ViaWire *self, const gchar *ufrag, const gchar *pwd,
      gboolean is_lite, GError **error);
  gboolean (*add_candidate) (
      ViaWire *self, const gchar *candidate, GError **error);
  void (*end_of_candidates) (ViaWire *self);
  void (*again) (ViaWire *self); /* (nullable) */
  ViaIceState (*state) (const ViaWire *self);
  guint (*send) (ViaWire *self, const ViaDatagram *datagrams, guint n);
  void (*heard) (ViaWire *self); /* (nullable) */
  gboolean (*selected) (ViaWire *self, gchar **out_local, gchar **out_remote);
  gboolean (*pair) (ViaWire *self, ViaWirePair *out);
  const ViaSendCounters *(*counters) (const ViaWire *self);
} ViaWireClass;

struct _ViaWire
{
  const ViaWireClass *klass;
};

static inline gboolean
via_wire_is_lite (const ViaWire *self)
{
  return self->klass->is_lite;
}

/* Closes, perhaps asynchronously; no more callbacks after return. */
static inline void
via_wire_free (ViaWire *self)
{
  if (self != NULL)
    self->klass->free (self);
}

static inline const gchar *
via_wire_ufrag (const ViaWire *self)
{
  return self->klass->ufrag (self);
}

static inline const gchar *
via_wire_pwd (const ViaWire *self)
{
  return self->klass->pwd (self);
}

/* Ours so far, NULL-terminated; addresses of the machine as soon as _gather
 * returns. (transfer none) */
static inline const gchar *const *
via_wire_candidates (const ViaWire *self)
{
  return self->klass->candidates (self);
}

static inline gboolean
via_wire_gather (ViaWire *self, GError **error)
{
  return self->klass->gather (self, error);
}

static inline gboolean
via_wire_set_remote (ViaWire *self, const gchar *ufrag, const gchar *pwd,
    gboolean is_lite, GError **error)
{
  return self->klass->set_remote (self, ufrag, pwd, is_lite, error);
}

/* FALSE: dropped (not for us, e.g. .local or TCP); an error only for text
 * that is no candidate. */
static inline gboolean
via_wire_add_candidate (ViaWire *self, const gchar *candidate, GError **error)
{
  return self->klass->add_candidate (self, candidate, error);
}

static inline void
via_wire_end_of_candidates (ViaWire *self)
{
  self->klass->end_of_candidates (self);
}

/* The far end begins anew, perhaps from other addresses, with the credentials
 * in use: a pair is looked for as if there were none; the last one goes on
 * until then. */
static inline void
via_wire_again (ViaWire *self)
{
  if (self->klass->again != NULL)
    self->klass->again (self);
}

static inline ViaIceState
via_wire_state (const ViaWire *self)
{
  return self->klass->state (self);
}

/* Sends @n datagrams in order; equal-sized runs to a direct UDP pair go out in
 * one GSO call. Returns how many were taken. */
static inline guint
via_wire_send (ViaWire *self, const ViaDatagram *datagrams, guint n)
{
  return self->klass->send (self, datagrams, n);
}

/* The last datagram was authentic: the peer is alive. */
static inline void
via_wire_heard (ViaWire *self)
{
  if (self->klass->heard != NULL)
    self->klass->heard (self);
}

/* Selected pair, for stats and messages: FALSE before one is selected. The
 * texts are "host 192.0.2.1:5000" etc. (transfer full) */
static inline gboolean
via_wire_selected (ViaWire *self, gchar **out_local, gchar **out_remote)
{
  return self->klass->selected (self, out_local, out_remote);
}

/* The same as values. */
static inline gboolean
via_wire_pair (ViaWire *self, ViaWirePair *out)
{
  return self->klass->pair (self, out);
}

/* How they went out. (transfer none) */
static inline const ViaSendCounters *
via_wire_counters (const ViaWire *self)
{
  return self->klass->counters (self);
}

G_END_DECLS
