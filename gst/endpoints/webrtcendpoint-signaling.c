/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-signaling.c – signaling-uri: the endpoint calls by
 * itself. Each try is a call of its own, in the same rooms and at the same
 * pads.
 */
#include "endpoints/webrtcendpoint-private.h"

#include <string.h>

#include "base/secret.h"
#include "io/app.h"

#define FIRST_ID 0x80 /* of the properties; the element's are below */

enum
{
  PROP_URI = FIRST_ID,
  PROP_TOKEN,
  PROP_TLS_CA,
  PROP_USE_LINKS,
  PROP_RECONNECT,
};

/* --- properties --- */

/* Without the user and password it may have. (transfer full) */
static gchar *
mask_uri (const gchar *uri)
{
  const gchar *host = uri != NULL ? strstr (uri, "://") : NULL;
  const gchar *at;

  if (host == NULL)
    return g_strdup (uri);
  host += strlen ("://");
  at = strchr (host, '@');
  if (at == NULL || strcspn (host, "/?#") < (gsize) (at - host))
    return g_strdup (uri);
  return g_strdup_printf ("%.*s***%s", (gint) (host - uri), uri, at);
}

static void
set_uri (ViaWebrtcEndpoint *self, const gchar *uri)
{
  g_autofree gchar *shown = mask_uri (uri);
  ViaSignalingWay way = VIA_SIGNALING_DIAL;
  gboolean has_one = uri != NULL && *uri != '\0';
  g_autoptr (GError) error = NULL;

  if (has_one && !via_signaling_check (uri, &way, &error)) {
    g_warning ("signaling-uri=%s refused, the old value stays: %s", shown,
        error->message);
    return;
  }
  g_mutex_lock (&self->lock);
  via_secret_free (self->signaling.uri);
  self->signaling.uri = has_one ? g_strdup (uri) : NULL;
  self->signaling.way = way;
  self->signaling.is_play =
      has_one && !g_ascii_strncasecmp (uri, "whep", strlen ("whep"));
  g_mutex_unlock (&self->lock);
}

gboolean
via_webrtc_endpoint_set_signaling_property (
    ViaWebrtcEndpoint *self, guint id, const GValue *value)
{
  if (id == PROP_URI) {
    set_uri (self, g_value_get_string (value));
    return TRUE;
  }
  if (id < PROP_URI || id > PROP_RECONNECT)
    return FALSE;
  g_mutex_lock (&self->lock);
  if (id == PROP_TOKEN) {
    via_secret_free (self->signaling.token);
    self->signaling.token = g_value_dup_string (value);
  } else if (id == PROP_TLS_CA) {
    g_free (self->signaling.tls_ca);
    self->signaling.tls_ca = g_value_dup_string (value);
  } else if (id == PROP_USE_LINKS) {
    self->signaling.asks_servers = g_value_get_boolean (value);
  } else {
    self->signaling.is_persistent = g_value_get_boolean (value);
  }
  g_mutex_unlock (&self->lock);
  return TRUE;
}

gboolean
via_webrtc_endpoint_get_signaling_property (
    ViaWebrtcEndpoint *self, guint id, GValue *value)
{
  if (id < PROP_URI || id > PROP_RECONNECT)
    return FALSE;
  g_mutex_lock (&self->lock);
  if (id == PROP_URI)
    g_value_take_string (value, mask_uri (self->signaling.uri));
  else if (id == PROP_TOKEN)
    g_value_set_static_string (
        value, self->signaling.token != NULL ? "***" : NULL);
  else if (id == PROP_TLS_CA)
    g_value_set_string (value, self->signaling.tls_ca);
  else if (id == PROP_USE_LINKS)
    g_value_set_boolean (value, self->signaling.asks_servers);
  else
    g_value_set_boolean (value, self->signaling.is_persistent);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

void
via_webrtc_endpoint_install_signaling (GObjectClass *klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_URI,
      g_param_spec_string ("signaling-uri", "Signaling URI",
          "Whom to call: whip://host/path or whips:// (TLS) publishes the sink "
          "pads and the hub, whep:// or wheps:// plays at the source pads and "
          "in the hub, ws://host/path or wss:// joins a room, both ways. "
          "stdio: talks on stdin and stdout, file:///folder through two files. "
          "Lost calls are made again. A user and password in it "
          "read back as ***. NULL: offers and answers are yours to carry. "
          "Takes effect on the way to PAUSED (whep) or PLAYING (all others)",
          NULL, flags));
  g_object_class_install_property (klass, PROP_TOKEN,
      g_param_spec_string ("auth-token", "Authentication token",
          "Sent as Bearer token to the origin of signaling-uri and to no other; "
          "reads back as ***. NULL: none. Takes effect with signaling-uri",
          NULL, flags));
  g_object_class_install_property (klass, PROP_TLS_CA,
      g_param_spec_string ("signaling-tls-ca", "Signaling TLS authorities",
          "PEM file with the authorities (or the self-signed certificate) that "
          "the server of signaling-uri is proved by. NULL: the system's. Takes "
          "effect with signaling-uri",
          NULL, flags));
  g_object_class_install_property (klass, PROP_USE_LINKS,
      g_param_spec_boolean ("use-link-headers", "Use Link headers",
          "Ask the server of signaling-uri for STUN and TURN servers (OPTIONS) "
          "and use them where stun-server and turn-url are not set. Takes "
          "effect with signaling-uri",
          TRUE, flags));
  g_object_class_install_property (klass, PROP_RECONNECT,
      g_param_spec_boolean ("signaling-reconnect", "Signaling reconnects",
          "Call again after 0.25, 0.5, 1 … 30 s when a call is lost or cannot "
          "be made now. FALSE: that is an ERROR. Takes effect with "
          "signaling-uri",
          TRUE, flags));
}

void
via_webrtc_endpoint_init_signaling (ViaWebrtcEndpoint *self)
{
  self->signaling.asks_servers = self->signaling.is_persistent = TRUE;
}

void
via_webrtc_endpoint_clear_signaling (ViaWebrtcEndpoint *self)
{
  via_secret_free (self->signaling.uri);
  via_secret_free (self->signaling.token);
  g_free (self->signaling.tls_ca);
}

/* --- calls; the signaling's thread --- */

static gboolean
is_current (ViaWebrtcEndpoint *self, const ViaSignaling *who, GError **error)
{
  gboolean is;

  g_mutex_lock (&self->lock);
  is = self->signaling.now == who;
  g_mutex_unlock (&self->lock);
  if (!is)
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_STATE, "the endpoint has hung up");
  return is;
}

/* The first call is the one every endpoint has; later ones take its place. */
static gboolean
new_call (ViaWebrtcEndpoint *self, ViaSignaling *who, GError **error)
{
  gboolean is_first;

  if (!is_current (self, who, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  is_first = !self->signaling.has_called;
  self->signaling.has_called = TRUE;
  g_mutex_unlock (&self->lock);
  return is_first || via_webrtc_endpoint_renew (self, who, error);
}

static gboolean
offer (GObject *user, ViaSignaling *who, ViaSignalingCall call, GError **error)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);
  g_autofree gchar *sdp = NULL;

  if (call == VIA_SIGNALING_NEW && !new_call (self, who, error))
    return FALSE;
  if (call == VIA_SIGNALING_RESTART
      && !via_webrtc_endpoint_restart_ice (self, error))
    return FALSE;
  via_publishers_wait_caps (self->publishers, VIA_WEBRTC_CAPS_WAIT);
  if (!is_current (self, who, error))
    return FALSE;
  sdp = via_webrtc_endpoint_generate_offer (self, 0, error);
  return sdp != NULL && via_webrtc_endpoint_gather (self, error);
}

static gboolean
counter (GObject *user, ViaSignaling *who, ViaSignalingCall call,
    const gchar *theirs, GError **error)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);
  g_autofree gchar *sdp = NULL;

  if (call == VIA_SIGNALING_NEW && !new_call (self, who, error))
    return FALSE;
  via_publishers_wait_caps (self->publishers, VIA_WEBRTC_CAPS_WAIT);
  if (!is_current (self, who, error))
    return FALSE;
  via_webrtc_endpoint_expect_sources (self, theirs);
  sdp = via_webrtc_endpoint_process_offer (self, theirs, error);
  return sdp != NULL && via_webrtc_endpoint_gather (self, error);
}

static gchar *
describe (GObject *user, ViaSignaling *who, GError **error)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);
  gchar *sdp = NULL;

  if (!is_current (self, who, error))
    return NULL;
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    sdp = via_session_describe (self->session, FALSE);
  g_rw_lock_reader_unlock (&self->session_lock);
  if (sdp == NULL)
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE, "the call is gone");
  return sdp;
}

static gboolean
answer (GObject *user, ViaSignaling *who, const gchar *theirs, GError **error)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);

  via_webrtc_endpoint_expect_sources (self, theirs);
  return is_current (self, who, error)
         && via_webrtc_endpoint_process_answer (self, theirs, error);
}

static void
take_candidate (
    GObject *user, ViaSignaling *who, guint mline, const gchar *theirs)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);

  if (is_current (self, who, NULL)) /* one that cannot be used is dropped */
    via_webrtc_endpoint_add_candidate (self, mline, theirs, NULL);
}

static guint64
heard (GObject *user, ViaSignaling *who)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);
  g_autoptr (GstStructure) stats = NULL;
  guint64 rtp = 0, rtcp = 0;

  via_webrtc_endpoint_give_up_sources (self);
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    stats = via_session_stats (self->session);
  g_rw_lock_reader_unlock (&self->session_lock);
  if (stats != NULL)
    gst_structure_get (stats, "packets-received", G_TYPE_UINT64, &rtp,
        "rtcp-received", G_TYPE_UINT64, &rtcp, NULL);
  return rtp + rtcp;
}

static void
take_server (GObject *user, ViaSignaling *who, const gchar *link)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);
  gboolean is_wanted;

  g_mutex_lock (&self->lock);
  is_wanted = self->signaling.asks_servers;
  g_mutex_unlock (&self->lock);
  if (is_wanted)
    via_transport_take_link (&self->transport, link);
}

/* --- news: from the signaling's thread to via-app --- */

typedef struct
{
  ViaWebrtcEndpoint *self;
  gchar *state, *text;
  guint status;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  gst_object_unref (news->self);
  g_free (news->state);
  g_free (news->text);
  g_free (news);
}

static void
run_news (gpointer data)
{
  News *news = data;
  ViaWebrtcEndpoint *self = news->self;

  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("signaling", "state", G_TYPE_STRING, news->state,
          "status", G_TYPE_UINT, news->status, "text", G_TYPE_STRING,
          news->text, NULL));
  if (g_str_equal (news->state, "failed"))
    GST_ELEMENT_ERROR (
        self, RESOURCE, OPEN_READ_WRITE, ("%s", news->text), (NULL));
  else if (g_str_equal (news->state, "retrying"))
    GST_ELEMENT_WARNING (
        self, RESOURCE, OPEN_READ_WRITE, ("%s", news->text), (NULL));
}

static void
tell_news (GObject *user, ViaSignaling *who, const gchar *state, guint status,
    const gchar *text)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (user);
  News *news;

  if (!is_current (self, who, NULL))
    return;
  GST_INFO_OBJECT (self, "signaling %s: %s", state, text);
  news = g_new0 (News, 1);
  news->self = gst_object_ref (self);
  news->state = g_strdup (state);
  news->status = status;
  news->text = g_strdup (text);
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL) /* which holds via-app */
    via_app_post (run_news, news, news_free);
  else
    news_free (news);
  g_rw_lock_reader_unlock (&self->session_lock);
}

static void
tell_dead (GObject *user, ViaSignaling *who, const gchar *why)
{
  tell_news (user, who, "failed", 0, why);
}

static const ViaSignalingFuncs signaling_funcs = {
    .offer = offer,
    .counter = counter,
    .describe = describe,
    .answer = answer,
    .candidate = take_candidate,
    .heard = heard,
    .server = take_server,
    .news = tell_news,
    .dead = tell_dead,
};

/* --- when; state changes --- */

gboolean
via_webrtc_endpoint_signaling_role (
    ViaWebrtcEndpoint *self, gboolean *out_is_play)
{
  gboolean is_set;

  g_mutex_lock (&self->lock);
  is_set =
      self->signaling.uri != NULL && self->signaling.way == VIA_SIGNALING_DIAL;
  *out_is_play = self->signaling.is_play;
  g_mutex_unlock (&self->lock);
  return is_set;
}

void
via_webrtc_endpoint_call_out (ViaWebrtcEndpoint *self)
{
  g_autofree gchar *app_data = via_common_get_app_data (&self->common);
  g_autofree gchar *name = gst_object_get_name (GST_OBJECT (self));

  g_mutex_lock (&self->lock);
  if (self->signaling.uri != NULL && self->signaling.now == NULL) {
    ViaSignalingConfig config = {.uri = self->signaling.uri,
        .token = self->signaling.token,
        .tls_ca = self->signaling.tls_ca,
        .name = name,
        .app_data = app_data,
        .asks_servers = self->signaling.asks_servers,
        .is_persistent = self->signaling.is_persistent};

    self->signaling.pads_since = 0;
    self->signaling.has_all = FALSE;
    /* Its thread waits for the lock, and so for what is set here. */
    self->signaling.now =
        via_signaling_new (&config, &signaling_funcs, G_OBJECT (self));
  }
  g_mutex_unlock (&self->lock);
}

void
via_webrtc_endpoint_hang_up (ViaWebrtcEndpoint *self)
{
  ViaSignaling *now;

  g_mutex_lock (&self->lock);
  now = g_steal_pointer (&self->signaling.now);
  g_mutex_unlock (&self->lock);
  if (now != NULL)
    via_signaling_stop (now);
}

/* (transfer full) (nullable) */
static ViaSignaling *
signaling_of (ViaWebrtcEndpoint *self)
{
  ViaSignaling *now;

  g_mutex_lock (&self->lock);
  now = self->signaling.now;
  if (now != NULL)
    via_signaling_ref (now);
  g_mutex_unlock (&self->lock);
  return now;
}

void
via_webrtc_endpoint_signal_candidate (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate)
{
  g_autoptr (ViaSignaling) now = signaling_of (self);

  if (now != NULL)
    via_signaling_candidate (now, mline, candidate);
}

void
via_webrtc_endpoint_signal_state (
    ViaWebrtcEndpoint *self, ViaConnectionState state)
{
  g_autoptr (ViaSignaling) now = signaling_of (self);

  if (now != NULL)
    via_signaling_state (now, state);
}

void
via_webrtc_endpoint_signal_needed (ViaWebrtcEndpoint *self)
{
  g_autoptr (ViaSignaling) now = signaling_of (self);
  gboolean is_restart;

  if (now == NULL)
    return;
  g_rw_lock_reader_lock (&self->session_lock);
  is_restart =
      self->session != NULL && via_session_wants_restart (self->session);
  g_rw_lock_reader_unlock (&self->session_lock);
  via_signaling_needed (now, is_restart);
}
