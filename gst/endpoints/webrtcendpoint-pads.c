/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-pads.c – the pads of webrtcendpoint: request sink
 * pads publish to its peer, sometimes source pads have what the peer sends.
 * Knows no negotiation.
 */
#include "endpoints/webrtcendpoint-private.h"

#include "endpoints/transcoders.h"

/* --- sink pads --- */

/* Streaming thread, or whoever took a pad away. */
static void
sinks_changed (gpointer user)
{
  ViaWebrtcEndpoint *self = user;
  guint n_audio = via_publishers_count (self->publishers, VIA_KIND_AUDIO);
  guint n_video = via_publishers_count (self->publishers, VIA_KIND_VIDEO);

  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    via_session_set_own (self->session, n_audio, n_video);
  g_rw_lock_reader_unlock (&self->session_lock);
  via_publishers_tell_flows (self->publishers, &self->common);
  via_webrtc_endpoint_nudge_partner (self);
}

void
via_webrtc_endpoint_check_over (ViaWebrtcEndpoint *self)
{
  if (via_publishers_is_over (self->publishers)
      && via_datapads_is_over (self->data_pads))
    via_eos_post (&self->common, GST_ELEMENT (self));
}

static void
sinks_ended (gpointer user)
{
  via_webrtc_endpoint_check_over (user);
}

static void
sinks_flush (gpointer user)
{
  ViaWebrtcEndpoint *self = user;

  via_eos_reset (&self->common);
}

static ViaMember *
find_member (gpointer user, const ViaPublisher *publisher)
{
  ViaWebrtcEndpoint *self = user;
  ViaMember *member;

  g_mutex_lock (&self->lock);
  member = self->pads_member;
  g_mutex_unlock (&self->lock);
  return member;
}

static const ViaPublishersFuncs publishers_funcs = {
    .member = find_member,
    .changed = sinks_changed,
    .ended = sinks_ended,
    .flush = sinks_flush,
};

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *templ, const gchar *name,
    const GstCaps *caps)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (element);
  GstPad *pad = via_datapads_request (self->data_pads, templ, name);

  return pad != NULL ? pad
                     : via_publishers_request (self->publishers, templ, name);
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (element);

  if (!via_datapads_release (self->data_pads, pad))
    via_publishers_release (self->publishers, pad);
}

/* --- source pads; via-app --- */

static void
source_added (gpointer user, GstPad *pad, const ViaTrackInfo *track)
{
  ViaWebrtcEndpoint *self = user;
  guint n;

  if (via_publishers_size (self->publishers) == 0)
    via_eos_reset (&self->common);
  g_rw_lock_reader_lock (&self->session_lock);
  n = self->outlets != NULL ? via_outlets_size (self->outlets) : 0;
  g_rw_lock_reader_unlock (&self->session_lock);
  if (n > 0) /* a handler of pad-added may have stopped us */
    via_webrtc_endpoint_count_source (self, n);
}

/* Without sink pads it ends with what it receives. */
static void
source_removed (gpointer user, GstPad *pad, const ViaTrackInfo *track)
{
  ViaWebrtcEndpoint *self = user;
  gboolean is_last;

  g_rw_lock_reader_lock (&self->session_lock);
  is_last = self->outlets != NULL && via_outlets_size (self->outlets) == 0;
  g_rw_lock_reader_unlock (&self->session_lock);
  if (is_last && via_publishers_size (self->publishers) == 0
      && via_datapads_n_sinks (self->data_pads) == 0
      && via_datapads_n_sources (self->data_pads) == 0)
    via_eos_post (&self->common, GST_ELEMENT (self));
}

static const ViaOutletsFuncs outlets_funcs = {
    .added = source_added, .removed = source_removed};

/* --- rooms of our own --- */

/* Between our own sink pads and our peer. */
static gboolean
open_sinks (ViaWebrtcEndpoint *self, GError **error)
{
  static const ViaMemberFuncs none = {0};
  g_auto (ViaCommonWho) who = {0};
  ViaMember *member;

  via_common_who (&self->common, GST_ELEMENT (self), &who);
  who.who.subscribe = NULL; /* of a hub */
  member = via_exchange_join_as (
      self->sinks_room, NULL, &who.who, &none, NULL, error);
  if (member == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->pads_member = member;
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
  return TRUE;
}

/* Between our peer and our own source pads, or those of a server. */
static gboolean
open_sources (ViaWebrtcEndpoint *self, GError **error)
{
  g_auto (ViaCommonWho) who = {0};
  ViaOutletsConfig config = {.who = &who.who,
      .latency_ms = via_mediaprops_latency (&self->media),
      .n_audio = G_MAXUINT,
      .n_video = G_MAXUINT};

  via_common_who (&self->common, GST_ELEMENT (self), &who);
  who.who.subscribe = NULL; /* of a hub */

  if (self->shared.received == NULL) {
    ViaOutlets *outlets = via_outlets_new (GST_BIN (self), self->sources_room,
        &config, &outlets_funcs, self, error);

    if (outlets == NULL)
      return FALSE;
    g_rw_lock_writer_lock (&self->session_lock);
    self->outlets = outlets;
    g_rw_lock_writer_unlock (&self->session_lock);
  }
  return TRUE;
}

gboolean
via_webrtc_endpoint_enter_rooms (
    ViaWebrtcEndpoint *self, ViaSession *session, GError **error)
{
  g_auto (ViaCommonWho) who = {0};

  via_common_who (&self->common, GST_ELEMENT (self), &who);
  who.who.subscribe = NULL; /* of a hub */
  return via_session_join (
             session, self->sources_room, VIA_SESSION_TAKER, &who.who, error)
         && via_session_join (
             session, self->sinks_room, VIA_SESSION_OWN, &who.who, error);
}

gboolean
via_webrtc_endpoint_open_pads (ViaWebrtcEndpoint *self, GError **error)
{
  self->sinks_room = via_exchange_new ();
  via_transcoders_serve (GST_BIN (self), self->sinks_room);
  self->sources_room = self->shared.received != NULL
                           ? via_exchange_ref (self->shared.received)
                           : via_exchange_new ();
  return open_sources (self, error)
         && via_webrtc_endpoint_enter_rooms (self, self->session, error)
         && open_sinks (self, error);
}

void
via_webrtc_endpoint_close_pads (ViaWebrtcEndpoint *self)
{
  ViaOutlets *outlets;
  ViaMember *member;

  g_rw_lock_writer_lock (&self->session_lock);
  outlets = g_steal_pointer (&self->outlets);
  g_rw_lock_writer_unlock (&self->session_lock);
  via_outlets_free (outlets);
  g_mutex_lock (&self->lock);
  member = g_steal_pointer (&self->pads_member);
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
  via_member_leave (member);
  via_transcoders_clear (GST_BIN (self));
  g_clear_pointer (&self->sinks_room, via_exchange_unref);
  g_clear_pointer (&self->sources_room, via_exchange_unref);
}

void
via_webrtc_endpoint_count_sinks (ViaWebrtcEndpoint *self)
{
  sinks_changed (self);
}

/* --- source pads --- */

static gboolean
send_event (GstElement *element, GstEvent *event)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (element);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_rw_lock_reader_lock (&self->session_lock);
    if (self->outlets != NULL)
      via_outlets_eos (self->outlets);
    g_rw_lock_reader_unlock (&self->session_lock);
    via_datapads_eos (self->data_pads);
  }
  return via_eos_send_event (element, event);
}

/* --- what they are set to --- */

/* Until what was told is still true. */
void
via_webrtc_endpoint_tell_app_data (ViaWebrtcEndpoint *self)
{
  g_autofree gchar *now = via_common_get_app_data (&self->common);
  g_autofree gchar *told = NULL;

  do {
    g_free (told);
    told = g_steal_pointer (&now);
    g_rw_lock_reader_lock (&self->session_lock);
    if (self->session != NULL)
      via_session_set_app_data (self->session, told);
    g_rw_lock_reader_unlock (&self->session_lock);
    g_mutex_lock (&self->lock);
    if (self->pads_member != NULL)
      via_member_set_app_data (self->pads_member, told);
    g_mutex_unlock (&self->lock);
    now = via_common_get_app_data (&self->common);
  } while (g_strcmp0 (now, told) != 0);
}

void
via_webrtc_endpoint_use_media (ViaWebrtcEndpoint *self)
{
  ViaMediapropsCodecs codecs;

  via_mediaprops_codecs (&self->media, &codecs);
  via_publishers_set_codecs (self->publishers, &codecs);
  via_publishers_set_mtu (self->publishers, via_mediaprops_mtu (&self->media));
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->outlets != NULL)
    via_outlets_set_latency (
        self->outlets, via_mediaprops_latency (&self->media));
  g_rw_lock_reader_unlock (&self->session_lock);
}

/* --- set-up --- */

void
via_webrtc_endpoint_install_pads (GstElementClass *klass)
{
  klass->request_new_pad = request_new_pad;
  klass->release_pad = release_pad;
  klass->send_event = send_event;
  via_publisher_add_templates (klass);
  via_outlets_add_templates (klass);
  via_datapads_add_templates (klass);
}

void
via_webrtc_endpoint_init_pads (ViaWebrtcEndpoint *self)
{
  self->publishers =
      via_publishers_new (GST_BIN (self), &publishers_funcs, self);
  via_webrtc_endpoint_init_data_pads (self);
}
