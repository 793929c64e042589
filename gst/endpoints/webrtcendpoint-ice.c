/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-ice.c – what ICE does, told by messages and signals
 * of webrtcendpoint. via-app.
 * RFC 8445 · RFC 8838
 */
#include "endpoints/webrtcendpoint-private.h"

#include "ice/candidate.h"

static void
post_candidate (
    ViaWebrtcEndpoint *self, const gchar *side, guint mline, const gchar *text)
{
  GstStructure *message =
      gst_structure_new ("ice-candidate", "side", G_TYPE_STRING, side, "media",
          G_TYPE_UINT, mline, "candidate", G_TYPE_STRING, text, NULL);
  ViaCandidate candidate;

  if (via_candidate_parse (&candidate, text, NULL))
    gst_structure_set (message, "type", G_TYPE_STRING,
        via_candidate_type_name (candidate.type), "protocol", G_TYPE_STRING,
        candidate.transport == VIA_TRANSPORT_UDP ? "udp" : "tcp", "address",
        G_TYPE_STRING, candidate.address, "port", G_TYPE_UINT,
        (guint) candidate.port, NULL);
  via_common_post (&self->common, GST_ELEMENT (self), message);
}

void
via_webrtc_endpoint_on_candidate (
    gpointer user, guint mline, const gchar *candidate)
{
  via_webrtc_endpoint_tell_partner (user, mline, candidate);
  via_webrtc_endpoint_signal_candidate (user, mline, candidate);
  post_candidate (user, "local", mline, candidate);
  via_webrtc_endpoint_emit_candidate (user, mline, candidate);
}

void
via_webrtc_endpoint_on_remote_candidate (
    gpointer user, guint mline, const gchar *candidate)
{
  post_candidate (user, "remote", mline, candidate);
  via_webrtc_endpoint_emit_remote_candidate (user, mline, candidate);
}

static void
post_gathering (ViaWebrtcEndpoint *self, const gchar *state)
{
  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("ice-gathering", "state", G_TYPE_STRING, state, NULL));
}

void
via_webrtc_endpoint_on_gathering (gpointer user)
{
  post_gathering (user, "started");
  via_webrtc_endpoint_emit_gathering (user);
}

void
via_webrtc_endpoint_on_gathering_done (gpointer user)
{
  via_webrtc_endpoint_tell_partner (user, 0, "");
  via_webrtc_endpoint_signal_candidate (user, 0, "");
  post_gathering (user, "done");
  via_webrtc_endpoint_emit_gathering_done (user);
}

static void
add_end (GstStructure *out, const gchar *side, const ViaWireEnd *end)
{
  g_autofree gchar *type = g_strconcat (side, "-type", NULL);
  g_autofree gchar *protocol = g_strconcat (side, "-protocol", NULL);
  g_autofree gchar *address = g_strconcat (side, "-address", NULL);
  g_autofree gchar *port = g_strconcat (side, "-port", NULL);

  gst_structure_set (out, type, G_TYPE_STRING,
      via_candidate_type_name (end->type), protocol, G_TYPE_STRING,
      end->is_tcp ? "tcp" : "udp", address, G_TYPE_STRING, end->address, port,
      G_TYPE_UINT, (guint) end->port, NULL);
}

void
via_webrtc_endpoint_on_pair (gpointer user, const ViaWirePair *pair)
{
  ViaWebrtcEndpoint *self = user;
  g_autoptr (GstStructure) told = gst_structure_new_empty ("selected-pair");

  add_end (told, "local", &pair->local);
  add_end (told, "remote", &pair->remote);
  gst_structure_set (told, "server", G_TYPE_STRING,
      pair->server[0] != '\0' ? pair->server : NULL, NULL);
  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT, told);
  via_common_post (
      &self->common, GST_ELEMENT (self), gst_structure_copy (told));
  via_webrtc_endpoint_emit_pair (self, told);
}

void
via_webrtc_endpoint_on_server_failed (
    gpointer user, const gchar *server, guint code, const gchar *text)
{
  ViaWebrtcEndpoint *self = user;

  via_transport_tell_failed (
      GST_ELEMENT (self), &self->common, server, code, text);
}
