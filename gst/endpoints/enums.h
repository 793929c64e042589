/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/enums.h – the enumerations applications see, as GTypes.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Values of ViaConnectionState (io/call.h). */
#define VIA_TYPE_CONNECTION_STATE (via_connection_state_get_type ())
GType via_connection_state_get_type (void);
/* "new", "connecting" …; static. */
const gchar *via_connection_state_nick (gint state);

/* Values of ViaSignalingState (sdp/negotiation.h). */
#define VIA_TYPE_SIGNALING_STATE (via_signaling_state_get_type ())
GType via_signaling_state_get_type (void);

typedef enum
{
  VIA_ICE_TRANSPORT_POLICY_ALL,
  VIA_ICE_TRANSPORT_POLICY_RELAY,
} ViaIceTransportPolicy;

#define VIA_TYPE_ICE_TRANSPORT_POLICY (via_ice_transport_policy_get_type ())
GType via_ice_transport_policy_get_type (void);

typedef enum
{
  VIA_DTLS_ROLE_AUTO,
  VIA_DTLS_ROLE_ACTIVE,
  VIA_DTLS_ROLE_PASSIVE,
} ViaDtlsRole;

#define VIA_TYPE_DTLS_ROLE (via_dtls_role_get_type ())
GType via_dtls_role_get_type (void);

typedef enum
{
  VIA_SERVER_PAGE_WATCH,
  VIA_SERVER_PAGE_PUBLISH,
  VIA_SERVER_PAGE_CONFERENCE,
  VIA_SERVER_PAGE_TALKBACK,
} ViaServerPage;

#define VIA_TYPE_SERVER_PAGE (via_server_page_get_type ())
GType via_server_page_get_type (void);

typedef enum
{
  VIA_RECORDER_CONTAINER_AUTO,
  VIA_RECORDER_CONTAINER_MATROSKA,
  VIA_RECORDER_CONTAINER_WEBM,
} ViaRecorderContainer;

#define VIA_TYPE_RECORDER_CONTAINER (via_recorder_container_get_type ())
GType via_recorder_container_get_type (void);

G_END_DECLS
