/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire.h – the one place that talks to libnice: ICE for one peer.
 * Loop thread only. Bytes and candidates in and out; knows no DTLS and no RTP.
 * RFC 8445 · RFC 8838 (trickle) · RFC 8656 (TURN)
 */
#pragma once

#include "base/error.h"
#include "ice/turnurl.h"
#include "io/loop.h"
#include "io/wire.h"

G_BEGIN_DECLS

typedef struct _ViaIceWire ViaIceWire;

typedef struct
{
  gboolean is_controlling;
  gboolean relay_only;
  const ViaIceServer *stun;        /* (nullable) host must be an address */
  const ViaIceServer *const *turn; /* NULL-terminated; (nullable) */
  guint16 min_port, max_port;      /* 0: any */
  gboolean tcp;                    /* TCP candidates too */
  gboolean is_patient; /* a TURN server's first answer may take 7 s */
  guint8 dscp;         /* of what is sent; 0: as the system does */
  /* Of what the datagrams say of themselves (ViaDatagram), set by their maker.
   */
  guint8 audio_dscp, video_dscp;
  const gchar *ufrag, *pwd; /* ours; (nullable): made up */
  /* (nullable) Addresses that stand in host candidates. */
  const gchar *external_ipv4, *external_ipv6;
  /* (nullable) "eth0,eth1" or "-docker0": whose addresses are candidates. */
  const gchar *interfaces;
} ViaIceConfig;

/* Makes the agent, with UPnP off; gathers nothing yet. */
ViaIceWire *via_icewire_new (ViaLoop *loop, const ViaIceConfig *config,
    const ViaIceFuncs *funcs, gpointer user, GError **error);
/* Closes asynchronously (nice_agent_close_async runs on in the loop); no more
 * callbacks after return. */
void via_icewire_free (ViaIceWire *self);

/* As what all wires are. (transfer none) */
ViaWire *via_icewire_wire (ViaIceWire *self);

const gchar *via_icewire_ufrag (const ViaIceWire *self);
const gchar *via_icewire_pwd (const ViaIceWire *self);
/* See via_wire_candidates. */
const gchar *const *via_icewire_candidates (const ViaIceWire *self);
/* See via_wire_again. */
void via_icewire_again (ViaIceWire *self);
gboolean via_icewire_gather (ViaIceWire *self, GError **error);
gboolean via_icewire_set_remote (ViaIceWire *self, const gchar *ufrag,
    const gchar *pwd, gboolean is_lite, GError **error);
/* FALSE: dropped (not for us, e.g. .local); an error only for text
 * that is no candidate. */
gboolean via_icewire_add_candidate (
    ViaIceWire *self, const gchar *candidate, GError **error);
void via_icewire_end_of_candidates (ViaIceWire *self);

ViaIceState via_icewire_state (const ViaIceWire *self);

/* Sends @n datagrams in order; equal-sized runs to a direct UDP pair go out in
 * one GSO call. Returns how many were taken. */
guint via_icewire_send (
    ViaIceWire *self, const ViaDatagram *datagrams, guint n);
/* How they went out. (transfer none) */
const ViaSendCounters *via_icewire_counters (const ViaIceWire *self);
/* Wires not closed to the end yet, in the process. Any thread. */
guint via_icewire_alive (void);

/* Selected pair, for stats and messages: FALSE before one is selected. The
 * texts are "host 192.0.2.1:5000" etc. (transfer full) */
gboolean via_icewire_selected (
    ViaIceWire *self, gchar **out_local, gchar **out_remote);

G_END_DECLS
