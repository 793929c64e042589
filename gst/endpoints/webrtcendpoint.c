/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint.c – the element webrtcendpoint: states, pads, and
 * what applications call. Negotiation and media are endpoints/session.c.
 *
 * SECTION:element-webrtcendpoint
 * |[
 * gst-launch-1.0 hub name=room webrtcendpoint hub=room app-data=Alice
 * ]|
 */
#include "endpoints/webrtcendpoint-private.h"

#include "endpoints/configprops.h"
#include "endpoints/enums.h"
#include "endpoints/join.h"
#include "io/app.h"

GST_DEBUG_CATEGORY_STATIC (via_webrtc_endpoint_debug);
#define GST_CAT_DEFAULT via_webrtc_endpoint_debug

#ifdef VIA_HAVE_HTTP
G_DEFINE_FINAL_TYPE_WITH_CODE (ViaWebrtcEndpoint, via_webrtc_endpoint,
    GST_TYPE_BIN,
    G_IMPLEMENT_INTERFACE (
        GST_TYPE_URI_HANDLER, via_webrtc_endpoint_init_uri_handler))
#else
G_DEFINE_FINAL_TYPE (ViaWebrtcEndpoint, via_webrtc_endpoint, GST_TYPE_BIN)
#endif

/* --- the session's callbacks; via-app --- */

static void
on_state (gpointer user, ViaConnectionState state, const gchar *failure,
    const gchar *local, const gchar *remote)
{
  ViaWebrtcEndpoint *self = user;
  const gchar *nick = via_connection_state_nick ((gint) state);
  GstStructure *message = gst_structure_new ("connection-state", "state",
      G_TYPE_STRING, nick, "local", G_TYPE_STRING, local, "remote",
      G_TYPE_STRING, remote, "reason", G_TYPE_STRING, failure, NULL);

  via_session_describe_remote (message, remote);
  GST_INFO_OBJECT (self, "connection %s%s%s", nick, failure != NULL ? ": " : "",
      failure != NULL ? failure : "");
  g_object_ref (self);
  via_webrtc_endpoint_signal_state (self, state);
  via_common_post (&self->common, GST_ELEMENT (self), message);
  via_webrtc_endpoint_emit_state (self, state);
  g_object_unref (self);
}

static void
on_not_negotiated (gpointer user, const ViaTrackInfo *track)
{
  ViaWebrtcEndpoint *self = user;

  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("track-not-negotiated", "kind", G_TYPE_STRING,
          via_kind_name (track->kind), "codec", G_TYPE_STRING,
          via_codec_name (track->codec.id), "from", G_TYPE_STRING, track->name,
          "from-app-data", G_TYPE_STRING, track->app_data, NULL));
}

static void
on_hub_lost (gpointer user)
{
  ViaWebrtcEndpoint *self = user;
  g_autofree gchar *hub = via_common_get_hub (&self->common);

  if (GST_STATE (self) <= GST_STATE_READY)
    return; /* the whole pipeline is going down */
  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("hub-lost", "hub", G_TYPE_STRING, hub, NULL));
}

static void
on_signaling (gpointer user, ViaSignalingState state)
{
  g_object_notify (G_OBJECT (user), "signaling-state");
}

static void
on_needed (gpointer user)
{
  via_webrtc_endpoint_emit_negotiation_needed (user);
  via_webrtc_endpoint_call_again (user);
  via_webrtc_endpoint_signal_needed (user);
}

static void
on_flow (gpointer user, ViaKind kind, guint mline, const gchar *mid,
    gboolean is_out, gboolean is_flowing)
{
  ViaWebrtcEndpoint *self = user;

  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("flow", "direction", G_TYPE_STRING,
          is_out ? "out" : "in", "is-flowing", G_TYPE_BOOLEAN, is_flowing,
          "kind", G_TYPE_STRING, via_kind_name (kind), "media", G_TYPE_UINT,
          mline, "mid", G_TYPE_STRING, mid, NULL));
}

static void
on_tracks (gpointer user)
{
  via_webrtc_endpoint_emit_tracks_changed (user);
}

static const ViaSessionFuncs session_funcs = {
    .candidate = via_webrtc_endpoint_on_candidate,
    .remote_candidate = via_webrtc_endpoint_on_remote_candidate,
    .gathering = via_webrtc_endpoint_on_gathering,
    .gathering_done = via_webrtc_endpoint_on_gathering_done,
    .pair = via_webrtc_endpoint_on_pair,
    .server_failed = via_webrtc_endpoint_on_server_failed,
    .state = on_state,
    .not_negotiated = on_not_negotiated,
    .hub_lost = on_hub_lost,
    .signaling = on_signaling,
    .needed = on_needed,
    .flow = on_flow,
    .tracks = on_tracks,
    .channel_opened = via_webrtc_endpoint_tell_channel_opened,
    .channel_closed = via_webrtc_endpoint_tell_channel_closed,
    .channel_low = via_webrtc_endpoint_tell_channel_low,
    .channel_refused = via_webrtc_endpoint_tell_channel_refused,
    .channel_message = via_webrtc_endpoint_tell_channel_message,
    .wants_messages = via_webrtc_endpoint_wants_messages,
    .channel_now = via_webrtc_endpoint_channel_now,
};

/* --- negotiation --- */

/* Sink pads of @kind; those of a partner want m-lines too. */
static guint
count_sinks (ViaWebrtcEndpoint *self, ViaKind kind)
{
  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);
  guint ours = via_publishers_count (self->publishers, kind);

  return other != NULL
             ? MAX (ours, via_publishers_count (other->publishers, kind))
             : ours;
}

/* Waits until every pad has caps; says how many have none. */
static void
wait_for_caps (ViaWebrtcEndpoint *self, gint64 caps_wait)
{
  guint n_missing = via_publishers_wait_caps (self->publishers, caps_wait);

  if (n_missing > 0)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("%u sink pads have no caps yet; the offer goes out without them",
            n_missing),
        (NULL));
}

static gboolean
take_config (ViaWebrtcEndpoint *self, ViaSessionConfig *out,
    ViaTransportConfig *transport, GError **error)
{
  /* A server's child negotiates on via-app, which must not wait for names. */
  gboolean may_wait = self->shared.exchange == NULL;
  gboolean is_play;

  if (!via_transport_resolve (&self->transport, may_wait, transport, error))
    return FALSE;
  if (transport->missing != NULL) {
    g_autofree gchar *text =
        g_strdup_printf ("%s; going on without it", transport->missing);

    via_transport_tell_failed (
        GST_ELEMENT (self), &self->common, transport->missing_server, 0, text);
  }
  out->ice = transport->ice;
  out->setup = transport->setup;
  out->srtp_profiles = transport->srtp_profiles;
  out->direction = self->shared.direction;
  /* RFC 9725 §4.4: one of each kind, one way. */
  out->is_single = via_webrtc_endpoint_signaling_role (self, &is_play);
  if (out->is_single)
    out->direction = is_play ? VIA_DIRECTION_RECVONLY : VIA_DIRECTION_SENDONLY;
  out->port = self->shared.port;
  via_mediaprops_codecs (&self->media, &out->codecs);
  return TRUE;
}

/* Call with session_lock held for reading. */
static gboolean
has_session_locked (ViaWebrtcEndpoint *self, GError **error)
{
  if (self->session != NULL)
    return TRUE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "the endpoint is in state NULL; set it to READY or higher first");
  return FALSE;
}

gchar *
via_webrtc_endpoint_process_offer (
    ViaWebrtcEndpoint *self, const gchar *offer, GError **error)
{
  g_auto (ViaTransportConfig) transport = {0};
  ViaSessionConfig config = {0};
  gchar *answer = NULL;

  if (!take_config (self, &config, &transport, error))
    return NULL;
  g_rw_lock_reader_lock (&self->session_lock);
  config.identity = self->identity;
  if (has_session_locked (self, error))
    answer = via_session_process_offer (self->session, &config, offer, error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return answer;
}

gchar *
via_webrtc_endpoint_generate_offer (
    ViaWebrtcEndpoint *self, gint64 caps_wait, GError **error)
{
  g_auto (ViaTransportConfig) transport = {0};
  ViaSessionConfig config = {0};
  gchar *offer = NULL;
  guint n_audio, n_video;

  wait_for_caps (self, caps_wait);
  via_webrtc_endpoint_want_data (self);
  n_audio = count_sinks (self, VIA_KIND_AUDIO);
  n_video = count_sinks (self, VIA_KIND_VIDEO);
  if (!take_config (self, &config, &transport, error))
    return NULL;
  g_rw_lock_reader_lock (&self->session_lock);
  config.identity = self->identity;
  if (has_session_locked (self, error))
    offer = via_session_generate_offer (
        self->session, &config, n_audio, n_video, error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return offer;
}

gboolean
via_webrtc_endpoint_process_answer (
    ViaWebrtcEndpoint *self, const gchar *answer, GError **error)
{
  gboolean is_done;

  g_rw_lock_reader_lock (&self->session_lock);
  is_done = has_session_locked (self, error)
            && via_session_process_answer (self->session, answer, error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return is_done;
}

gboolean
via_webrtc_endpoint_restart_ice (ViaWebrtcEndpoint *self, GError **error)
{
  gboolean is_done;

  g_rw_lock_reader_lock (&self->session_lock);
  is_done = has_session_locked (self, error)
            && via_session_restart_ice (self->session, error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return is_done;
}

gboolean
via_webrtc_endpoint_gather (ViaWebrtcEndpoint *self, GError **error)
{
  gboolean is_done;

  g_rw_lock_reader_lock (&self->session_lock);
  is_done = has_session_locked (self, error)
            && via_session_gather (self->session, error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return is_done;
}

gboolean
via_webrtc_endpoint_add_candidate (ViaWebrtcEndpoint *self, guint mline,
    const gchar *candidate, GError **error)
{
  gboolean is_done;

  g_rw_lock_reader_lock (&self->session_lock);
  is_done =
      has_session_locked (self, error)
      && via_session_add_candidate (self->session, mline, candidate, error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return is_done;
}

gboolean
via_webrtc_endpoint_get_port (ViaWebrtcEndpoint *self, guint *out_port)
{
  const ViaMember *member = NULL;

  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    member = via_session_hub_member (self->session);
  if (member != NULL)
    *out_port = via_member_port (member);
  g_rw_lock_reader_unlock (&self->session_lock);
  return member != NULL;
}

GstStructure *
via_webrtc_endpoint_list_tracks (ViaWebrtcEndpoint *self)
{
  GstStructure *tracks = NULL;

  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    tracks = via_session_list_tracks (self->session);
  g_rw_lock_reader_unlock (&self->session_lock);
  return tracks;
}

/* --- states --- */

/* @session, or our own, into the hub. */
static gboolean
join_hub (ViaWebrtcEndpoint *self, ViaSession *session, GError **error)
{
  g_autofree gchar *hub = via_common_get_hub (&self->common);
  g_auto (ViaCommonWho) who = {0};
  ViaExchange *exchange = NULL;
  gboolean is_joined;

  if (self->is_joined || (hub == NULL && self->shared.exchange == NULL))
    return TRUE;
  exchange = self->shared.exchange != NULL
                 ? via_exchange_ref (self->shared.exchange)
                 : via_join_find (GST_ELEMENT (self), hub, error);
  if (exchange == NULL)
    return FALSE;
  via_common_who (&self->common, GST_ELEMENT (self), &who);
  is_joined =
      via_session_join (session, exchange, VIA_SESSION_HUB, &who.who, error);
  self->is_joined = is_joined;
  if (is_joined)
    via_common_present (&self->common, via_session_hub_member (session));
  via_exchange_unref (exchange);
  return is_joined;
}

static gboolean
join_others (ViaWebrtcEndpoint *self, GError **error)
{
  return join_hub (self, self->session, error)
         && via_webrtc_endpoint_find_partner (self, error);
}

static gboolean
start (ViaWebrtcEndpoint *self)
{
  g_autoptr (GError) error = NULL;

  self->identity = self->shared.identity != NULL
                       ? via_identity_ref (self->shared.identity)
                       : via_transport_identity (&self->transport, &error);
  if (self->identity == NULL)
    goto fail;
  g_rw_lock_writer_lock (&self->session_lock);
  self->session = via_session_new (
      &session_funcs, G_OBJECT (self), GST_OBJECT_NAME (self), &error);
  g_rw_lock_writer_unlock (&self->session_lock);
  if (self->session == NULL)
    goto fail;
  self->signaling.has_called = FALSE;
  via_transport_open (&self->transport, GST_ELEMENT (self), &self->common);
  if (!via_webrtc_endpoint_open_pads (self, &error))
    goto fail;
  if (join_others (self, &error)
      || g_error_matches (error, VIA_ERROR, VIA_ERROR_STATE)) {
    via_webrtc_endpoint_want_data (self);
    via_webrtc_endpoint_tell_app_data (self); /* if it was set meanwhile */
    via_webrtc_endpoint_count_sinks (
        self);   /* their tracks may be known from the last run */
    return TRUE; /* without a parent: joins at READY→PAUSED */
  }
fail:
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  return FALSE;
}

static void
stop (ViaWebrtcEndpoint *self)
{
  ViaSession *session;

  via_webrtc_endpoint_hang_up (self);
  via_webrtc_endpoint_leave_partner (self);
  via_webrtc_endpoint_close_pads (self);
  g_rw_lock_writer_lock (&self->session_lock);
  session = g_steal_pointer (&self->session);
  g_rw_lock_writer_unlock (&self->session_lock);
  if (session != NULL)
    via_common_absent (&self->common, via_session_hub_member (session));
  via_transport_close (&self->transport);
  via_session_free (session);
  via_datapads_stop (self->data_pads);
  self->is_joined = FALSE;
  g_clear_pointer (&self->identity, via_identity_unref);
}

/* In the place of the session there is. Call with the element's state lock
 * held. (transfer full): the old one, NULL with error. */
static ViaSession *
replace_session (ViaWebrtcEndpoint *self, GError **error)
{
  ViaSession *old = self->session;
  ViaSession *made = via_session_new (
      &session_funcs, G_OBJECT (self), GST_OBJECT_NAME (self), error);
  gboolean was_joined = self->is_joined;

  if (made == NULL)
    return NULL;
  self->is_joined = FALSE;
  if (!via_webrtc_endpoint_enter_rooms (self, made, error)
      || (was_joined && !join_hub (self, made, error))) {
    via_session_free (made);
    self->is_joined = was_joined;
    return NULL;
  }
  g_rw_lock_writer_lock (&self->session_lock);
  self->session = made;
  via_datapads_renew (self->data_pads);
  g_rw_lock_writer_unlock (&self->session_lock);
  via_session_replaced (old);
  via_common_absent (&self->common, via_session_hub_member (old));
  return old;
}

gboolean
via_webrtc_endpoint_renew (
    ViaWebrtcEndpoint *self, const ViaSignaling *who, GError **error)
{
  ViaSession *old = NULL;
  gboolean is_current;

  GST_STATE_LOCK (self);
  g_mutex_lock (&self->lock);
  is_current = self->signaling.now == who && self->session != NULL;
  g_mutex_unlock (&self->lock);
  if (is_current)
    old = replace_session (self, error);
  else
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_STATE, "the endpoint has hung up");
  GST_STATE_UNLOCK (self);
  /* Its callbacks may wait for the state lock. */
  via_session_free (old);
  if (old != NULL)
    via_webrtc_endpoint_count_sinks (self);
  return old != NULL;
}

/* The next call's media goes on at the pads of the last one. */
static void
keep_sources (ViaWebrtcEndpoint *self)
{
  gboolean is_kept;

  g_mutex_lock (&self->lock);
  is_kept = self->signaling.uri != NULL && self->signaling.is_persistent
            && self->signaling.way != VIA_SIGNALING_STDIO;
  g_mutex_unlock (&self->lock);
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->outlets != NULL)
    via_outlets_keep (self->outlets, is_kept);
  g_rw_lock_reader_unlock (&self->session_lock);
}

/* No end was seen or told yet. */
static void
begin_run (ViaWebrtcEndpoint *self)
{
  via_eos_reset (&self->common);
  via_publishers_reset (self->publishers);
  via_datapads_reset (self->data_pads);
  keep_sources (self);
}

/* Media to publish comes in PLAYING, and what it is with it. */
static void
dial_to_play (ViaWebrtcEndpoint *self)
{
  gboolean is_play;

  if (via_webrtc_endpoint_signaling_role (self, &is_play) && is_play)
    via_webrtc_endpoint_call_out (self);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (element);
  GstStateChangeReturn result;
  g_autoptr (GError) error = NULL;

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (start (self))
        break;
      stop (self);
      return GST_STATE_CHANGE_FAILURE;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      begin_run (self);
      if (join_others (self, &error)) {
        dial_to_play (self);
        via_webrtc_endpoint_count_sinks (self);
        break;
      }
      GST_ELEMENT_ERROR (
          self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
      return GST_STATE_CHANGE_FAILURE;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      via_webrtc_endpoint_call_out (self);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      via_webrtc_endpoint_hang_up (self);
      break;
    default:
      break;
  }
  result = GST_ELEMENT_CLASS (via_webrtc_endpoint_parent_class)
               ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY
          && result == GST_STATE_CHANGE_FAILURE))
    stop (self);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      || transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    via_webrtc_endpoint_set_up (
        self, transition == GST_STATE_CHANGE_READY_TO_PAUSED);
  if (GST_STATE_TRANSITION_NEXT (transition) == GST_STATE_PAUSED
      && result != GST_STATE_CHANGE_FAILURE)
    return via_common_is_source (element) ? GST_STATE_CHANGE_NO_PREROLL
                                          : GST_STATE_CHANGE_SUCCESS;
  return result;
}

/* --- life --- */

void
via_webrtc_endpoint_set_shared (
    ViaWebrtcEndpoint *self, const ViaWebrtcShared *shared)
{
  static const ViaWebrtcShared none = {.direction = VIA_DIRECTION_SENDRECV};

  g_return_if_fail (GST_STATE (self) == GST_STATE_NULL);
  g_clear_pointer (&self->shared.exchange, via_exchange_unref);
  g_clear_pointer (&self->shared.received, via_exchange_unref);
  g_clear_pointer (&self->shared.identity, via_identity_unref);
  g_clear_pointer (&self->shared.port, via_liteport_unref);
  self->shared = shared != NULL ? *shared : none;
  if (self->shared.exchange != NULL)
    via_exchange_ref (self->shared.exchange);
  if (self->shared.received != NULL)
    via_exchange_ref (self->shared.received);
  if (self->shared.identity != NULL)
    via_identity_ref (self->shared.identity);
  if (self->shared.port != NULL)
    via_liteport_ref (self->shared.port);
}

void
via_webrtc_endpoint_set_transport (
    ViaWebrtcEndpoint *self, ViaTransport *transport)
{
  via_transport_copy (&self->transport, transport);
}

void
via_webrtc_endpoint_set_media (ViaWebrtcEndpoint *self, ViaMediaprops *media)
{
  via_mediaprops_copy (&self->media, media);
  via_webrtc_endpoint_use_media (self);
}

static void
dispose (GObject *object)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (object);

  via_datapads_clear (self->data_pads);
  via_publishers_clear (self->publishers);
  G_OBJECT_CLASS (via_webrtc_endpoint_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (object);

  via_webrtc_endpoint_set_shared (self, NULL);
  via_publishers_free (self->publishers);
  via_datapads_free (self->data_pads);
  via_webrtc_endpoint_clear_signaling (self);
  g_rw_lock_clear (&self->session_lock);
  g_weak_ref_clear (&self->partner);
  g_free (self->peer.name);
  g_mutex_clear (&self->lock);
  via_transport_clear (&self->transport);
  via_mediaprops_clear (&self->media);
  via_common_clear (&self->common);
  G_OBJECT_CLASS (via_webrtc_endpoint_parent_class)->finalize (object);
}

static void
via_webrtc_endpoint_class_init (ViaWebrtcEndpointClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      via_webrtc_endpoint_debug, "webrtcendpoint", 0, "one WebRTC peer");
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  via_webrtc_endpoint_install_properties (object_class);
  via_configprops_install (object_class, "webrtcendpoint");
  via_webrtc_endpoint_install_signals (klass);
  element_class->change_state = change_state;
  via_eos_init_class (GST_BIN_CLASS (klass));
  via_webrtc_endpoint_install_pads (element_class);
  gst_element_class_set_static_metadata (element_class, "WebRTC endpoint",
      "Source/Sink/Network/WebRTC",
      "One WebRTC peer: sends what comes in at its sink pads and what others "
      "in its hub send; gives what the peer sends to the hub and source pads",
      "The gst-via developers");
}

static void
via_webrtc_endpoint_init (ViaWebrtcEndpoint *self)
{
  via_common_init (&self->common, GST_ELEMENT (self));
  via_transport_init (&self->transport);
  via_mediaprops_init (&self->media);
  via_eos_init_bin (GST_BIN (self));
  g_mutex_init (&self->lock);
  g_rw_lock_init (&self->session_lock);
  g_weak_ref_init (&self->partner, NULL);
  via_webrtc_endpoint_init_pads (self);
  via_webrtc_endpoint_init_signaling (self);
  self->shared.direction = VIA_DIRECTION_SENDRECV;
}
