/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/playerendpoint.h – the element playerendpoint: a file as a live
 * source. Public surface is GObject; see docs/api.md.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VIA_TYPE_PLAYER_ENDPOINT (via_player_endpoint_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaPlayerEndpoint, via_player_endpoint, VIA, PLAYER_ENDPOINT, GstBin)

G_END_DECLS
