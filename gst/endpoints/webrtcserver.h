/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver.h – the element webrtcserver: HTTP(S) with pages and
 * WHEP; one webrtcendpoint child per viewer.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Public surface is GObject only:
 * Properties: hub, app-data, address, port, path, max-peers, stun-server,
 *   turn-url, ice-transport-policy.
 * Messages: "server-listening" (url, sha256), and an INFO whose debug string is
 *   "Watch: URL". Children: peer-%u. */
#define VIA_TYPE_WEBRTC_SERVER (via_webrtc_server_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaWebrtcServer, via_webrtc_server, VIA, WEBRTC_SERVER, GstBin)

G_END_DECLS
