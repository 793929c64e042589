/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recorderendpoint.h – the element recorderendpoint: tracks into a
 * file that survives.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VIA_TYPE_RECORDER_ENDPOINT (via_recorder_endpoint_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaRecorderEndpoint, via_recorder_endpoint, VIA, RECORDER_ENDPOINT, GstBin)

G_END_DECLS
