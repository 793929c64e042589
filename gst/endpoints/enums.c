/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/enums.c – the enumerations applications see, as GTypes.
 */
#include "endpoints/enums.h"

#include "io/call.h"
#include "sdp/negotiation.h"

static const GEnumValue connection_states[] = {
    {VIA_CONNECTION_NEW, "Nothing was negotiated yet", "new"},
    {VIA_CONNECTION_CONNECTING, "ICE or DTLS under way", "connecting"},
    {VIA_CONNECTION_CONNECTED, "Media can flow", "connected"},
    {VIA_CONNECTION_DISCONNECTED, "The peer does not answer, may come back",
        "disconnected"},
    {VIA_CONNECTION_FAILED, "Could not connect, or lost for good", "failed"},
    {VIA_CONNECTION_CLOSED, "Either side said goodbye", "closed"},
    {0, NULL, NULL},
};

static const GEnumValue signaling_states[] = {
    {VIA_SIGNALING_STABLE, "Both sides agree", "stable"},
    {VIA_SIGNALING_HAVE_LOCAL_OFFER, "Our offer waits for its answer",
        "have-local-offer"},
    {VIA_SIGNALING_HAVE_REMOTE_OFFER, "Their offer is being answered",
        "have-remote-offer"},
    {VIA_SIGNALING_CLOSED, "Below READY", "closed"},
    {0, NULL, NULL},
};

static const GEnumValue transport_policies[] = {
    {VIA_ICE_TRANSPORT_POLICY_ALL, "Every candidate", "all"},
    {VIA_ICE_TRANSPORT_POLICY_RELAY, "Relayed candidates only", "relay"},
    {0, NULL, NULL},
};

static const GEnumValue dtls_roles[] = {
    {VIA_DTLS_ROLE_AUTO, "The peer chooses, else it begins", "auto"},
    {VIA_DTLS_ROLE_ACTIVE, "We begin the handshake", "active"},
    {VIA_DTLS_ROLE_PASSIVE, "The peer begins the handshake", "passive"},
    {0, NULL, NULL},
};

static const GEnumValue server_pages[] = {
    {VIA_SERVER_PAGE_WATCH, "Shows what is published", "watch"},
    {VIA_SERVER_PAGE_PUBLISH, "Publishes a camera and a microphone", "publish"},
    {VIA_SERVER_PAGE_CONFERENCE, "Takes part in the room", "conference"},
    {VIA_SERVER_PAGE_TALKBACK, "Shows what is published and talks back",
        "talkback"},
    {0, NULL, NULL},
};

static const GEnumValue recorder_containers[] = {
    {VIA_RECORDER_CONTAINER_AUTO, "By the ending of location", "auto"},
    {VIA_RECORDER_CONTAINER_MATROSKA, "Matroska", "matroska"},
    {VIA_RECORDER_CONTAINER_WEBM, "WebM", "webm"},
    {0, NULL, NULL},
};

GType
via_connection_state_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("ViaConnectionState", connection_states));
  return (GType) type;
}

const gchar *
via_connection_state_nick (gint state)
{
  for (const GEnumValue *v = connection_states; v->value_nick != NULL; v++)
    if (v->value == state)
      return v->value_nick;
  return "unknown";
}

GType
via_signaling_state_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("ViaSignalingState", signaling_states));
  return (GType) type;
}

GType
via_ice_transport_policy_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("ViaIceTransportPolicy", transport_policies));
  return (GType) type;
}

GType
via_server_page_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("ViaServerPage", server_pages));
  return (GType) type;
}

GType
via_recorder_container_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("ViaRecorderContainer", recorder_containers));
  return (GType) type;
}

GType
via_dtls_role_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("ViaDtlsRole", dtls_roles));
  return (GType) type;
}
