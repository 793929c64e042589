/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver.c – the element webrtcserver: states, pads and
 * messages. The room it is in is webrtcserver-room.c, peers are
 * endpoints/peers.c, HTTP is http/server.c.
 *
 * SECTION:element-webrtcserver
 * |[
 * gst-launch-1.0 videotestsrc ! webrtcserver
 * gst-launch-1.0 webrtcserver name=s page=publish \
 *     s.video_src_0 ! decodebin ! videoconvert ! autovideosink
 * gst-launch-1.0 hub name=room playerendpoint uri=file:///clip.mp4 hub=room \
 *     webrtcserver hub=room port=8889
 * ]|
 */
#include "endpoints/webrtcserver-private.h"

#include <string.h>

#include "endpoints/configprops.h"
#include "endpoints/enums.h"
#include "endpoints/webrtcendpoint.h"
#include "http/tlscert.h"
#include "io/app.h"

GST_DEBUG_CATEGORY_STATIC (via_webrtc_server_debug);
#define GST_CAT_DEFAULT via_webrtc_server_debug

G_DEFINE_FINAL_TYPE (ViaWebrtcServer, via_webrtc_server, GST_TYPE_BIN)

/* --- sink pads --- */

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *templ, const gchar *name,
    const GstCaps *caps)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (element);
  GstPad *pad = via_datapads_request (self->data_pads, templ, name);

  return pad != NULL ? pad
                     : via_publishers_request (self->publishers, templ, name);
}

static void
sinks_changed (gpointer user)
{
  ViaWebrtcServer *self = user;

  via_publishers_tell_flows (self->publishers, &self->common);
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (element);

  if (!via_datapads_release (self->data_pads, pad))
    via_publishers_release (self->publishers, pad);
}

/* --- source pads --- */

static gboolean
open_sources (ViaWebrtcServer *self, GError **error)
{
  static const ViaOutletsFuncs none = {0};
  g_autofree gchar *app_data = via_common_get_app_data (&self->common);
  ViaOutletsConfig config = {.name = GST_OBJECT_NAME (self),
      .app_data = app_data,
      .latency_ms = via_mediaprops_latency (&self->media),
      .n_audio = G_MAXUINT,
      .n_video = G_MAXUINT};
  ViaOutlets *outlets = via_outlets_new (
      GST_BIN (self), self->received, &config, &none, NULL, error);

  g_rw_lock_writer_lock (&self->outlets_lock);
  self->outlets = outlets;
  g_rw_lock_writer_unlock (&self->outlets_lock);
  return outlets != NULL;
}

static void
close_sources (ViaWebrtcServer *self)
{
  ViaOutlets *outlets;

  g_rw_lock_writer_lock (&self->outlets_lock);
  outlets = g_steal_pointer (&self->outlets);
  g_rw_lock_writer_unlock (&self->outlets_lock);
  via_outlets_free (outlets);
}

static gboolean
send_event (GstElement *element, GstEvent *event)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (element);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_rw_lock_reader_lock (&self->outlets_lock);
    if (self->outlets != NULL)
      via_outlets_eos (self->outlets);
    g_rw_lock_reader_unlock (&self->outlets_lock);
    via_datapads_eos (self->data_pads);
  }
  return via_eos_send_event (element, event);
}

void
via_webrtc_server_use_media (ViaWebrtcServer *self)
{
  ViaMediapropsCodecs codecs;

  via_mediaprops_codecs (&self->media, &codecs);
  via_publishers_set_codecs (self->publishers, &codecs);
  via_publishers_set_mtu (self->publishers, via_mediaprops_mtu (&self->media));
  g_rw_lock_reader_lock (&self->outlets_lock);
  if (self->outlets != NULL)
    via_outlets_set_latency (
        self->outlets, via_mediaprops_latency (&self->media));
  g_rw_lock_reader_unlock (&self->outlets_lock);
}

/* --- listening --- */

static gchar *
ice_link (gpointer user)
{
  return via_transport_link (&VIA_WEBRTC_SERVER (user)->transport);
}

static void
configure (gpointer user, GstElement *child)
{
  ViaWebrtcServer *self = user;
  g_autofree gchar *hub = via_common_get_hub (&self->common);

  via_webrtc_endpoint_set_transport (
      VIA_WEBRTC_ENDPOINT (child), &self->transport);
  via_webrtc_endpoint_set_media (VIA_WEBRTC_ENDPOINT (child), &self->media);
  via_configprops_inherit (G_OBJECT (child), G_OBJECT (self));
  g_object_set (child, "hub", hub, NULL); /* named in its messages */
}

/* gst-launch prints the debug string of an INFO. */
static void
announce (ViaWebrtcServer *self)
{
  const ViaHttpServer *http = via_peers_http (self->peers);
  const gchar *url = via_http_server_url (http);
  const gchar *sha256 = via_http_server_sha256 (http);
  g_autoptr (GError) text = g_error_new (
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, "Listening on %s", url);
  g_autofree gchar *debug =
      sha256 == NULL
          ? g_strdup_printf ("Watch: %s", url)
          : g_strdup_printf ("Watch: %s\nThe browser will ask whether to trust "
                             "the certificate; its SHA-256 is %s",
              url, sha256);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_info (GST_OBJECT (self), text, debug));
  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("server-listening", "url", G_TYPE_STRING, url,
          "sha256", G_TYPE_STRING, sha256, NULL));
}

/* TRUE if no single port is wanted, too. */
static gboolean
open_single_port (ViaWebrtcServer *self, GError **error)
{
  g_autofree gchar *address = NULL;
  g_autoptr (GInetAddress) literal = NULL;
  guint port;

  g_mutex_lock (&self->lock);
  address = g_strdup (self->set.address);
  port = self->set.single_port;
  g_mutex_unlock (&self->lock);
  if (port == 0)
    return TRUE;
  literal = g_inet_address_new_from_string (address);
  if (literal == NULL || g_inet_address_get_is_loopback (literal))
    g_clear_pointer (&address, g_free); /* "localhost" among them */
  self->lite = via_liteport_new (address, (guint16) port, error);
  return self->lite != NULL;
}

static void
close_single_port (ViaWebrtcServer *self)
{
  if (self->lite != NULL)
    via_liteport_close (self->lite);
  g_clear_pointer (&self->lite, via_liteport_unref);
}

static const ViaPeersFuncs peers_funcs = {
    .room = via_webrtc_server_room,
    .configure = configure,
    .link = ice_link,
    .authorize = via_webrtc_server_authorize,
};

static gboolean
listen_now (ViaWebrtcServer *self, GError **error)
{
  static const gchar *const pages[] = {
      "watch", "publish", "conference", "talkback"};
  g_autofree gchar *directory = via_tlscert_default_directory ();
  g_autofree gchar *address = NULL;
  g_autofree gchar *path = NULL;
  g_autofree gchar *hub = NULL;
  g_auto (ViaAccessCopy) access = {0};
  ViaPeersConfig config = {0};

  if (!via_access_apply (&self->access, &config.http, &access, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  config.http.address = address = g_strdup (self->set.address);
  config.http.path = path = g_strdup (self->set.path);
  config.http.port = self->set.port;
  config.http.max_peers = self->set.max_peers;
  config.http.page = pages[self->set.page];
  g_mutex_unlock (&self->lock);
  config.http.data_directory = directory;
  config.http.rng = via_system_rng ();
  config.bin = GST_BIN (self);
  config.identity = self->identity;
  config.received = self->received;
  config.port = self->lite;
  config.funcs = peers_funcs;
  config.user = self;
  hub = via_common_get_hub (&self->common);
  config.ticks_room = hub == NULL;
  self->peers = via_peers_start (&config, error);
  if (self->peers == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->bound_port = via_http_server_port (via_peers_http (self->peers));
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static void
stop_listening (ViaWebrtcServer *self)
{
  via_peers_stop (g_steal_pointer (&self->peers));
  via_webrtc_server_open_data (self, FALSE);
  close_single_port (self);
  close_sources (self);
  g_mutex_lock (&self->lock);
  self->bound_port = 0;
  g_mutex_unlock (&self->lock);
}

/* --- states --- */

static gboolean
fail (ViaWebrtcServer *self, const GError *error)
{
  if (error->code == VIA_ERROR_IO)
    GST_ELEMENT_ERROR (
        self, RESOURCE, OPEN_READ_WRITE, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (
        self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  return FALSE;
}

static gboolean
get_ready (ViaWebrtcServer *self)
{
  g_autoptr (GError) error = NULL;

  if (!via_http_server_check (&error))
    return fail (self, error);
  self->identity = via_transport_identity (&self->transport, &error);
  if (self->identity == NULL)
    return fail (self, error);
  via_app_acquire ();
  via_transport_open (&self->transport, GST_ELEMENT (self), &self->common);
  self->received = via_exchange_new ();
  if (!via_webrtc_server_join (self, &error)
      && !g_error_matches (error, VIA_ERROR, VIA_ERROR_STATE))
    return fail (self, error); /* without a parent: again at READY→PAUSED */
  return TRUE;
}

static void
get_unready (ViaWebrtcServer *self)
{
  via_webrtc_server_leave (self);
  if (self->identity == NULL)
    return;
  via_exchange_close (self->received);
  g_clear_pointer (&self->received, via_exchange_unref);
  g_clear_pointer (&self->identity, via_identity_unref);
  via_transport_close (&self->transport);
  via_app_release ();
}

static gboolean
start (ViaWebrtcServer *self)
{
  g_autoptr (GError) error = NULL;

  via_eos_reset (&self->common);
  via_transport_prepare (&self->transport);
  via_webrtc_server_open_data (self, TRUE);
  if (via_webrtc_server_join (self, &error) && open_sources (self, &error)
      && open_single_port (self, &error) && listen_now (self, &error))
    return TRUE;
  via_webrtc_server_open_data (self, FALSE);
  close_single_port (self);
  close_sources (self);
  return fail (self, error);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !get_ready (self)) {
    get_unready (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    stop_listening (self);
  result = GST_ELEMENT_CLASS (via_webrtc_server_parent_class)
               ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    if (result == GST_STATE_CHANGE_FAILURE)
      stop_listening (self);
    else
      announce (self);
  }
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY
          && result == GST_STATE_CHANGE_FAILURE))
    get_unready (self);
  if (GST_STATE_TRANSITION_NEXT (transition) == GST_STATE_PAUSED
      && result != GST_STATE_CHANGE_FAILURE)
    return via_common_is_source (element) ? GST_STATE_CHANGE_NO_PREROLL
                                          : GST_STATE_CHANGE_SUCCESS;
  return result;
}

/* One viewer's error is no error of the server. (transfer full) */
static GstMessage *
soften (GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  GstMessage *warning;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR
      || !VIA_IS_WEBRTC_ENDPOINT (GST_MESSAGE_SRC (message)))
    return message;
  gst_message_parse_error (message, &error, &debug);
  warning = gst_message_new_warning (GST_MESSAGE_SRC (message), error, debug);
  gst_message_unref (message);
  return warning;
}

static void
handle_message (GstBin *bin, GstMessage *message)
{
  via_eos_handle_message (bin, soften (message));
}

/* --- life --- */

static void
dispose (GObject *object)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (object);

  via_datapads_clear (self->data_pads);
  via_publishers_clear (self->publishers);
  G_OBJECT_CLASS (via_webrtc_server_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (object);

  via_publishers_free (self->publishers);
  via_datapads_free (self->data_pads);
  g_ptr_array_unref (self->labels);
  g_free (self->set.address);
  g_free (self->set.path);
  g_free (self->set.data_channels);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->room_lock);
  g_weak_ref_clear (&self->hub);
  g_rw_lock_clear (&self->outlets_lock);
  via_transport_clear (&self->transport);
  via_mediaprops_clear (&self->media);
  via_access_clear (&self->access);
  via_common_clear (&self->common);
  G_OBJECT_CLASS (via_webrtc_server_parent_class)->finalize (object);
}

static void
via_webrtc_server_class_init (ViaWebrtcServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (via_webrtc_server_debug, "webrtcserver", 0,
      "HTTP server for WebRTC viewers");
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  via_webrtc_server_install_properties (object_class);
  via_configprops_install (object_class, "webrtcserver");
  via_webrtc_server_install_signals (object_class);
  element_class->change_state = change_state;
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  via_eos_init_class (GST_BIN_CLASS (klass));
  element_class->send_event = send_event;
  GST_BIN_CLASS (klass)->handle_message = handle_message;
  via_publisher_add_templates (element_class);
  via_outlets_add_templates (element_class);
  via_datapads_add_templates (element_class);
  gst_element_class_set_static_metadata (element_class, "WebRTC server",
      "Source/Sink/Network/WebRTC",
      "Shows what comes in at its sink pads, or what is in the hub it joined, "
      "to any browser (page and WHEP); what browsers and encoders publish "
      "(page and WHIP) goes there too, and to its source pads",
      "The gst-via developers");
}

static void
via_webrtc_server_init (ViaWebrtcServer *self)
{
  static const ViaPublishersFuncs funcs = {
      .member = via_webrtc_server_find_member, .changed = sinks_changed};

  via_common_init (&self->common, GST_ELEMENT (self));
  via_transport_init (&self->transport);
  via_mediaprops_init (&self->media);
  via_access_init (&self->access);
  via_eos_init_bin (GST_BIN (self));
  g_mutex_init (&self->lock);
  g_mutex_init (&self->room_lock);
  g_weak_ref_init (&self->hub, NULL);
  g_rw_lock_init (&self->outlets_lock);
  self->publishers = via_publishers_new (GST_BIN (self), &funcs, self);
  via_webrtc_server_init_data (self);
  self->set.address = g_strdup (VIA_WEBRTC_SERVER_ADDRESS);
  self->set.path = g_strdup (VIA_WEBRTC_SERVER_PATH);
  self->set.port = VIA_WEBRTC_SERVER_PORT;
}
