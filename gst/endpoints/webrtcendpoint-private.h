/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-private.h – what the files of webrtcendpoint share.
 */
#pragma once

#include "endpoints/common.h"
#include "endpoints/datapads.h"
#include "endpoints/mediaprops.h"
#include "endpoints/outlets.h"
#include "endpoints/publishers.h"
#include "endpoints/session.h"
#include "endpoints/signaling.h"
#include "endpoints/transport.h"
#include "endpoints/webrtcendpoint.h"

G_BEGIN_DECLS

struct _ViaWebrtcEndpoint
{
  GstBin parent;
  ViaCommon common;
  ViaTransport transport;
  ViaMediaprops media;
  ViaPublishers *publishers; /* the sink pads */
  ViaDataPads *data_pads;

  GMutex lock;            /* guards the next; after that of the pads */
  ViaMember *pads_member; /* publishes the sink pads; above NULL */
  struct
  {
    gchar *name;         /* the property */
    gboolean is_found;   /* who calls whom is settled */
    gboolean is_up;      /* PAUSED or PLAYING, or on the way there */
    gboolean dials;      /* it is we who offer, as soon as all is known */
    gint64 dial_at;      /* at the latest */
    GstClockID alarm;    /* (nullable) then */
    gconstpointer taken; /* who calls us; only compared */
  } peer;
  struct
  {
    gchar *uri, *token, *tls_ca; /* properties, as the next four */
    ViaSignalingWay way;         /* what uri means, as the next */
    gboolean is_play;
    gboolean asks_servers, is_persistent;
    gboolean has_called; /* the session was used */
    guint n_sources;     /* m-lines that the far end sends */
    gint64 pads_since;   /* the first source pad came; 0: none did */
    gboolean has_all;    /* no-more-pads was told */
    ViaSignaling *now;   /* (nullable) calling */
  } signaling;
  GWeakRef partner; /* the endpoint of peer=, or that names us there */

  GRWLock session_lock; /* readers use the session, writers make and end it */
  ViaSession *session;  /* above NULL */
  ViaOutlets *outlets;  /* the source pads; above NULL, not with shared.received
                         */

  /* under the element's state lock */
  ViaIdentity *identity;
  gboolean is_joined;
  ViaExchange *sinks_room, *sources_room; /* of the pads; above NULL */
  ViaWebrtcShared shared; /* references; direction of ours without one */
};

/* webrtcendpoint-props.c */
void via_webrtc_endpoint_install_properties (GObjectClass *object_class);

/* webrtcendpoint-pads.c */
void via_webrtc_endpoint_install_pads (GstElementClass *klass);
void via_webrtc_endpoint_init_pads (ViaWebrtcEndpoint *self);
/* NULL→READY, with a session, and the way back. */
gboolean via_webrtc_endpoint_open_pads (
    ViaWebrtcEndpoint *self, GError **error);
void via_webrtc_endpoint_close_pads (ViaWebrtcEndpoint *self);
/* app-data, or codecs and latency, are other ones now. Any thread but a loop.
 */
void via_webrtc_endpoint_tell_app_data (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_use_media (ViaWebrtcEndpoint *self);
/* Tells the session how many tracks our own sink pads have. */
void via_webrtc_endpoint_count_sinks (ViaWebrtcEndpoint *self);

/* webrtcendpoint-peer.c: calls within one pipeline, peer=NAME */
/* NULL→READY: finds the other end and settles who calls. Errors as
 * via_join_find_element; REFUSED: no endpoint, itself, or taken. */
gboolean via_webrtc_endpoint_find_partner (
    ViaWebrtcEndpoint *self, GError **error);
void via_webrtc_endpoint_leave_partner (ViaWebrtcEndpoint *self);
/* From READY→PAUSED to the way back it may call and be called. */
void via_webrtc_endpoint_set_up (ViaWebrtcEndpoint *self, gboolean is_up);
/* Something changed an offer may wait for. Any thread but a loop. */
void via_webrtc_endpoint_nudge_partner (ViaWebrtcEndpoint *self);
/* Offers its partner, if it has one, what changed. via-app. */
void via_webrtc_endpoint_call_again (ViaWebrtcEndpoint *self);
/* via-app. */
void via_webrtc_endpoint_tell_partner (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate);

/* webrtcendpoint-ice.c; of ViaSessionFuncs */
void via_webrtc_endpoint_on_candidate (
    gpointer user, guint mline, const gchar *candidate);
void via_webrtc_endpoint_on_remote_candidate (
    gpointer user, guint mline, const gchar *candidate);
void via_webrtc_endpoint_on_gathering (gpointer user);
void via_webrtc_endpoint_on_gathering_done (gpointer user);
void via_webrtc_endpoint_on_pair (gpointer user, const ViaWirePair *pair);
void via_webrtc_endpoint_on_server_failed (
    gpointer user, const gchar *server, guint code, const gchar *text);

/* Puts @session into the rooms of the pads. */
gboolean via_webrtc_endpoint_enter_rooms (
    ViaWebrtcEndpoint *self, ViaSession *session, GError **error);

/* webrtcendpoint.c */
/* A new session in the place of the one there is: same rooms, same pads. FALSE
 * with error: @who does not call any more. The signaling's thread. */
gboolean via_webrtc_endpoint_renew (
    ViaWebrtcEndpoint *self, const ViaSignaling *who, GError **error);

/* webrtcendpoint-signaling.c: signaling-uri */
#ifdef VIA_HAVE_HTTP
void via_webrtc_endpoint_install_signaling (GObjectClass *klass);
void via_webrtc_endpoint_init_signaling (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_clear_signaling (ViaWebrtcEndpoint *self);
gboolean via_webrtc_endpoint_set_signaling_property (
    ViaWebrtcEndpoint *self, guint id, const GValue *value);
gboolean via_webrtc_endpoint_get_signaling_property (
    ViaWebrtcEndpoint *self, guint id, GValue *value);
/* webrtcendpoint-uri.c. Of @sdp, which the far end wrote; later, how long it
 * may take until all it sends is there. The signaling's thread. */
void via_webrtc_endpoint_expect_sources (
    ViaWebrtcEndpoint *self, const gchar *sdp);
void via_webrtc_endpoint_give_up_sources (ViaWebrtcEndpoint *self);
/* GstURIHandler: whep:// and wheps:// are a source. */
void via_webrtc_endpoint_init_uri_handler (gpointer iface, gpointer data);
/* A source pad came, and it is a WHEP call: tells when there are no more.
 * via-app. */
void via_webrtc_endpoint_count_source (ViaWebrtcEndpoint *self, guint n);
/* FALSE: there is no signaling-uri, or it is no WHIP and no WHEP. */
gboolean via_webrtc_endpoint_signaling_role (
    ViaWebrtcEndpoint *self, gboolean *out_is_play);
/* Begins to call, if it does not; ends it, without waiting. */
void via_webrtc_endpoint_call_out (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_hang_up (ViaWebrtcEndpoint *self);
/* via-app. */
void via_webrtc_endpoint_signal_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate);
void via_webrtc_endpoint_signal_state (
    ViaWebrtcEndpoint *self, ViaConnectionState state);
void via_webrtc_endpoint_signal_needed (ViaWebrtcEndpoint *self);
#else
#define via_webrtc_endpoint_install_signaling(klass)
#define via_webrtc_endpoint_init_signaling(self)
#define via_webrtc_endpoint_clear_signaling(self)
#define via_webrtc_endpoint_set_signaling_property(self, id, value) FALSE
#define via_webrtc_endpoint_get_signaling_property(self, id, value) FALSE
#define via_webrtc_endpoint_signaling_role(self, out) (*(out) = FALSE)
#define via_webrtc_endpoint_call_out(self) ((void) (self))
#define via_webrtc_endpoint_hang_up(self) ((void) (self))
#define via_webrtc_endpoint_count_source(self, n) ((void) (n))
#define via_webrtc_endpoint_signal_candidate(self, mline, candidate)
#define via_webrtc_endpoint_signal_state(self, state)
#define via_webrtc_endpoint_signal_needed(self)
#endif

/* webrtcendpoint-signals.c; the emitters run on via-app */
void via_webrtc_endpoint_install_signals (ViaWebrtcEndpointClass *klass);
void via_webrtc_endpoint_emit_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate);
void via_webrtc_endpoint_emit_remote_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate);
void via_webrtc_endpoint_emit_gathering (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_emit_pair (
    ViaWebrtcEndpoint *self, const GstStructure *pair);
void via_webrtc_endpoint_emit_gathering_done (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_emit_negotiation_needed (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_emit_tracks_changed (ViaWebrtcEndpoint *self);
void via_webrtc_endpoint_emit_state (
    ViaWebrtcEndpoint *self, ViaConnectionState state);

/* webrtcendpoint-data.c: data channels */
void via_webrtc_endpoint_install_data (GType type);
/* See docs/api.md. SETTING: a field is wrong. @out points into both. */
gboolean via_webrtc_endpoint_read_options (const gchar *label,
    const GstStructure *options, ViaChannelWish *out, GError **error);
/* Returns its id, -1 with error. Any thread but a loop. Call with session_lock
 * held for reading. */
gint via_webrtc_endpoint_create_channel_locked (
    ViaWebrtcEndpoint *self, const ViaChannelWish *wish, GError **error);
/* (transfer full) */
GstStructure *via_webrtc_endpoint_describe_channel (
    const gchar *name, const ViaChannelInfo *info);
/* For ViaSessionFuncs. */
void via_webrtc_endpoint_tell_channel_opened (
    gpointer user, const ViaChannelInfo *info);
void via_webrtc_endpoint_tell_channel_closed (
    gpointer user, const ViaChannelInfo *info, const gchar *why);
void via_webrtc_endpoint_tell_channel_refused (
    gpointer user, const gchar *label);
void via_webrtc_endpoint_tell_channel_low (
    gpointer user, const ViaChannelInfo *info);
void via_webrtc_endpoint_tell_channel_message (
    gpointer user, guint id, gboolean is_text, GBytes *message);
gboolean via_webrtc_endpoint_wants_messages (gpointer user);

/* webrtcendpoint-datapads.c */
void via_webrtc_endpoint_init_data_pads (ViaWebrtcEndpoint *self);
/* For ViaSessionFuncs. SCTP home. */
void via_webrtc_endpoint_channel_now (gpointer user, ViaSessionChannelNews what,
    const ViaChannelInfo *info, gboolean is_text, GBytes *message);
/* Data sink pads, also a partner's, want an m-line; with a session. */
void via_webrtc_endpoint_want_data (ViaWebrtcEndpoint *self);
/* webrtcendpoint-pads.c: EOS if all pads of every kind have ended. */
void via_webrtc_endpoint_check_over (ViaWebrtcEndpoint *self);

/* webrtcendpoint.c; see the actions. Any thread but a loop. */
#define VIA_WEBRTC_CAPS_WAIT (2 * G_TIME_SPAN_SECOND)
/* @caps_wait: µs that sink pads get to have caps; ours is above. */
gchar *via_webrtc_endpoint_generate_offer (
    ViaWebrtcEndpoint *self, gint64 caps_wait, GError **error);
gboolean via_webrtc_endpoint_process_answer (
    ViaWebrtcEndpoint *self, const gchar *answer, GError **error);
gboolean via_webrtc_endpoint_restart_ice (
    ViaWebrtcEndpoint *self, GError **error);
gboolean via_webrtc_endpoint_gather (ViaWebrtcEndpoint *self, GError **error);
/* Its port in the hub. FALSE: it is in none. */
gboolean via_webrtc_endpoint_get_port (
    ViaWebrtcEndpoint *self, guint *out_port);
/* NULL in state NULL. (transfer full) */
GstStructure *via_webrtc_endpoint_list_tracks (ViaWebrtcEndpoint *self);
gboolean via_webrtc_endpoint_add_candidate (ViaWebrtcEndpoint *self,
    guint mline, const gchar *candidate, GError **error);

G_END_DECLS
