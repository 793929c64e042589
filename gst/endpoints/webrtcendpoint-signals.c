/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-signals.c – actions and signals of webrtcendpoint.
 */
#include "endpoints/webrtcendpoint-private.h"

#include "endpoints/enums.h"

enum
{
  SIGNAL_ON_ICE_CANDIDATE,
  SIGNAL_ON_REMOTE_ICE_CANDIDATE,
  SIGNAL_ON_ICE_GATHERING_STARTED,
  SIGNAL_ON_ICE_GATHERING_DONE,
  SIGNAL_ON_ICE_CANDIDATE_ERROR,
  SIGNAL_ON_SELECTED_PAIR,
  SIGNAL_CONNECTION_STATE_CHANGED,
  SIGNAL_ON_NEGOTIATION_NEEDED,
  SIGNAL_TRACKS_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* An action that fails says why on the bus; media is not disturbed. */
static void
warn (ViaWebrtcEndpoint *self, const gchar *action, GError *error)
{
  if (error == NULL)
    return;
  GST_ELEMENT_WARNING (
      self, RESOURCE, SETTINGS, ("%s: %s", action, error->message), (NULL));
  g_error_free (error);
}

static gchar *
action_process_offer (ViaWebrtcEndpoint *self, const gchar *offer)
{
  GError *error = NULL;
  gchar *answer = via_webrtc_endpoint_process_offer (
      self, offer != NULL ? offer : "", &error);

  warn (self, "process-offer", error);
  return answer;
}

static gchar *
action_generate_offer (ViaWebrtcEndpoint *self)
{
  GError *error = NULL;
  gchar *offer =
      via_webrtc_endpoint_generate_offer (self, VIA_WEBRTC_CAPS_WAIT, &error);

  warn (self, "generate-offer", error);
  return offer;
}

static gboolean
action_process_answer (ViaWebrtcEndpoint *self, const gchar *answer)
{
  GError *error = NULL;
  gboolean is_done = via_webrtc_endpoint_process_answer (
      self, answer != NULL ? answer : "", &error);

  warn (self, "process-answer", error);
  return is_done;
}

static gboolean
action_restart_ice (ViaWebrtcEndpoint *self)
{
  GError *error = NULL;
  gboolean is_done = via_webrtc_endpoint_restart_ice (self, &error);

  warn (self, "restart-ice", error);
  return is_done;
}

static gboolean
action_gather_candidates (ViaWebrtcEndpoint *self)
{
  GError *error = NULL;
  gboolean is_done = via_webrtc_endpoint_gather (self, &error);

  warn (self, "gather-candidates", error);
  return is_done;
}

static gboolean
action_add_ice_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate)
{
  GError *error = NULL;
  gboolean is_done =
      via_webrtc_endpoint_add_candidate (self, mline, candidate, &error);

  warn (self, "add-ice-candidate", error);
  return is_done;
}

void
via_webrtc_endpoint_emit_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate)
{
  g_signal_emit (self, signals[SIGNAL_ON_ICE_CANDIDATE], 0, mline, candidate);
}

void
via_webrtc_endpoint_emit_remote_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate)
{
  g_signal_emit (
      self, signals[SIGNAL_ON_REMOTE_ICE_CANDIDATE], 0, mline, candidate);
}

void
via_webrtc_endpoint_emit_gathering (ViaWebrtcEndpoint *self)
{
  g_signal_emit (self, signals[SIGNAL_ON_ICE_GATHERING_STARTED], 0);
}

void
via_webrtc_endpoint_emit_pair (
    ViaWebrtcEndpoint *self, const GstStructure *pair)
{
  g_signal_emit (self, signals[SIGNAL_ON_SELECTED_PAIR], 0, pair);
}

void
via_webrtc_endpoint_emit_gathering_done (ViaWebrtcEndpoint *self)
{
  g_signal_emit (self, signals[SIGNAL_ON_ICE_GATHERING_DONE], 0);
}

void
via_webrtc_endpoint_emit_negotiation_needed (ViaWebrtcEndpoint *self)
{
  g_signal_emit (self, signals[SIGNAL_ON_NEGOTIATION_NEEDED], 0);
}

void
via_webrtc_endpoint_emit_tracks_changed (ViaWebrtcEndpoint *self)
{
  g_signal_emit (self, signals[SIGNAL_TRACKS_CHANGED], 0);
}

void
via_webrtc_endpoint_emit_state (
    ViaWebrtcEndpoint *self, ViaConnectionState state)
{
  g_signal_emit (
      self, signals[SIGNAL_CONNECTION_STATE_CHANGED], 0, (gint) state);
  g_object_notify (G_OBJECT (self), "connection-state");
}

static void
install_actions (GType type)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /* Takes a whole SDP offer; returns the answer, or NULL (then a WARNING on
   * the bus says why and the state is as before). RFC 9429 §5.3 */
  g_signal_new_class_handler ("process-offer", type, flags,
      G_CALLBACK (action_process_offer), NULL, NULL, NULL, G_TYPE_STRING, 1,
      G_TYPE_STRING);
  /* Returns our SDP offer, or NULL. Waits up to 2 s for caps on the sink pads.
   * RFC 9429 §5.2 */
  g_signal_new_class_handler ("generate-offer", type, flags,
      G_CALLBACK (action_generate_offer), NULL, NULL, NULL, G_TYPE_STRING, 0);
  /* Takes the answer to our offer. RFC 9429 §5.4 */
  g_signal_new_class_handler ("process-answer", type, flags,
      G_CALLBACK (action_process_answer), NULL, NULL, NULL, G_TYPE_BOOLEAN, 1,
      G_TYPE_STRING);
  /* The next generate-offer has new ICE credentials; on-negotiation-needed
   * comes. RFC 8445 §9 */
  g_signal_new_class_handler ("restart-ice", type, flags,
      G_CALLBACK (action_restart_ice), NULL, NULL, NULL, G_TYPE_BOOLEAN, 0);
  /* Starts gathering; then on-ice-candidate comes. RFC 8445 §5.1.1 */
  g_signal_new_class_handler ("gather-candidates", type, flags,
      G_CALLBACK (action_gather_candidates), NULL, NULL, NULL, G_TYPE_BOOLEAN,
      0);
  /* (m-line index, "candidate:…"); "" ends the candidates. RFC 8838 §4 */
  g_signal_new_class_handler ("add-ice-candidate", type, flags,
      G_CALLBACK (action_add_ice_candidate), NULL, NULL, NULL, G_TYPE_BOOLEAN,
      2, G_TYPE_UINT, G_TYPE_STRING);
  /* Which m-line shows whose track of the hub: a via-tracks; NULL in state
   * NULL. */
  g_signal_new_class_handler ("list-tracks", type, flags,
      G_CALLBACK (via_webrtc_endpoint_list_tracks), NULL, NULL, NULL,
      GST_TYPE_STRUCTURE, 0);
}

/* What ICE does; the messages of the same names say no less. */
static void
install_news (GType type)
{
  signals[SIGNAL_ON_REMOTE_ICE_CANDIDATE] =
      g_signal_new ("on-remote-ice-candidate", type, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_STRING);
  signals[SIGNAL_ON_ICE_GATHERING_STARTED] =
      g_signal_new ("on-ice-gathering-started", type, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* (server, code of STUN or 0, why). */
  signals[SIGNAL_ON_ICE_CANDIDATE_ERROR] = g_signal_new (
      VIA_TRANSPORT_ERROR_SIGNAL, type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_STRING);
  signals[SIGNAL_ON_SELECTED_PAIR] =
      g_signal_new ("on-selected-pair", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 1, GST_TYPE_STRUCTURE);
}

void
via_webrtc_endpoint_install_signals (ViaWebrtcEndpointClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  install_actions (type);
  install_news (type);
  via_webrtc_endpoint_install_data (type);
  signals[SIGNAL_ON_ICE_CANDIDATE] =
      g_signal_new ("on-ice-candidate", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_STRING);
  signals[SIGNAL_ON_ICE_GATHERING_DONE] = g_signal_new ("on-ice-gathering-done",
      type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* In signaling-state stable: generate-offer would change something. */
  signals[SIGNAL_ON_NEGOTIATION_NEEDED] = g_signal_new ("on-negotiation-needed",
      type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* What list-tracks says may be another now. */
  signals[SIGNAL_TRACKS_CHANGED] = g_signal_new ("tracks-changed", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_CONNECTION_STATE_CHANGED] =
      g_signal_new ("connection-state-changed", type, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 1, VIA_TYPE_CONNECTION_STATE);
}
