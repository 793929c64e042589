/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint.h – the element webrtcendpoint: one WebRTC peer.
 * Public surface is GObject; this header is for webrtcserver alone.
 */
#pragma once

#include <gst/gst.h>
#include "dtls/identity.h"
#include "endpoints/mediaprops.h"
#include "endpoints/transport.h"
#include "io/exchange.h"
#include "io/liteport.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

#define VIA_TYPE_WEBRTC_ENDPOINT (via_webrtc_endpoint_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaWebrtcEndpoint, via_webrtc_endpoint, VIA, WEBRTC_ENDPOINT, GstBin)

/* What a server lends its child. */
typedef struct
{
  ViaExchange *exchange;  /* (nullable) joined instead of looking up hub= */
  ViaExchange *received;  /* (nullable) where what comes in is published; else
                             at source pads of the child's own */
  ViaIdentity *identity;  /* (nullable) instead of a fresh certificate */
  ViaDirection direction; /* the most an m-line does */
  ViaLitePort *port;      /* (nullable) ICE-lite there instead of full ICE */
} ViaWebrtcShared;

/* Before READY; references are taken. NULL: nothing is shared. */
void via_webrtc_endpoint_set_shared (
    ViaWebrtcEndpoint *self, const ViaWebrtcShared *shared);
/* Sets its transport properties as @transport has them. Any thread. */
void via_webrtc_endpoint_set_transport (
    ViaWebrtcEndpoint *self, ViaTransport *transport);

/* The same for codecs and latency. */
void via_webrtc_endpoint_set_media (
    ViaWebrtcEndpoint *self, ViaMediaprops *media);

/* Actions (all also usable from language bindings):
 *   process-offer (gchar *sdp) → gchar *answer (NULL on error + message)
 *   generate-offer () → gchar *; process-answer (gchar *) → gboolean
 *   gather-candidates () → gboolean
 *   add-ice-candidate (guint mline, gchar *) → gboolean
 * Signals: on-ice-candidate (guint, gchar *), on-ice-gathering-done (),
 *   connection-state-changed (enum). From via-app.
 * Properties: hub, app-data, stun-server, turn-url, ice-transport-policy,
 *   connection-state, stats, local-description (SDP with the candidates
 *   gathered so far, NULL before negotiation). */

/* The same without GObject marshalling and with the reason. (transfer full) */
gchar *via_webrtc_endpoint_process_offer (
    ViaWebrtcEndpoint *self, const gchar *offer, GError **error);

G_END_DECLS
