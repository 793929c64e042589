/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-uri.c – the endpoint as a source of whep:// and
 * wheps:// for players: GstURIHandler, and when there are no more pads.
 */
#include "endpoints/webrtcendpoint-private.h"

#include <string.h>

#include "io/app.h"

/* --- no more pads --- */

#define MORE_PADS_US                                                           \
  (2 * G_TIME_SPAN_SECOND) /* what is agreed may stay out                      \
                            */

/* via-app. */
static void
run_no_more_pads (gpointer data)
{
  ViaWebrtcEndpoint *self = data;
  gboolean is_due;

  g_mutex_lock (&self->lock);
  is_due = !self->signaling.has_all;
  self->signaling.has_all = TRUE;
  g_mutex_unlock (&self->lock);
  if (is_due)
    gst_element_no_more_pads (GST_ELEMENT (self));
}

void
via_webrtc_endpoint_count_source (ViaWebrtcEndpoint *self, guint n)
{
  gboolean has_all;

  g_mutex_lock (&self->lock);
  if (self->signaling.pads_since == 0)
    self->signaling.pads_since = g_get_monotonic_time ();
  has_all = self->signaling.uri != NULL
            && self->signaling.way == VIA_SIGNALING_DIAL
            && n >= self->signaling.n_sources;
  g_mutex_unlock (&self->lock);
  if (has_all)
    run_no_more_pads (self);
}

void
via_webrtc_endpoint_give_up_sources (ViaWebrtcEndpoint *self)
{
  gboolean is_late;

  g_mutex_lock (&self->lock);
  is_late =
      !self->signaling.has_all && self->signaling.pads_since != 0
      && g_get_monotonic_time () - self->signaling.pads_since > MORE_PADS_US;
  g_mutex_unlock (&self->lock);
  if (!is_late)
    return;
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL) /* which holds via-app */
    via_app_post (run_no_more_pads, gst_object_ref (self), gst_object_unref);
  g_rw_lock_reader_unlock (&self->session_lock);
}

/* M-lines of @sdp that its writer sends on. */
static guint
count_sent (const gchar *sdp)
{
  g_auto (GStrv) parts = g_strsplit (sdp, "\nm=", -1);
  guint n = 0;

  for (guint i = 1; parts[0] != NULL && parts[i] != NULL; i++) {
    const gchar *port = strchr (parts[i], ' ');

    n += port != NULL && !g_str_has_prefix (port, " 0 ")
         && (g_str_has_prefix (parts[i], "audio ")
             || g_str_has_prefix (parts[i], "video "))
         && strstr (parts[i], "\na=recvonly") == NULL
         && strstr (parts[i], "\na=inactive") == NULL;
  }
  return n;
}

void
via_webrtc_endpoint_expect_sources (ViaWebrtcEndpoint *self, const gchar *sdp)
{
  guint n = count_sent (sdp);

  g_mutex_lock (&self->lock);
  self->signaling.n_sources = n;
  g_mutex_unlock (&self->lock);
}

/* --- GstURIHandler --- */

static GstURIType
uri_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
uri_protocols (GType type)
{
  static const gchar *const protocols[] = {"whep", "wheps", NULL};

  return protocols;
}

static gchar *
uri_get (GstURIHandler *handler)
{
  gchar *uri;

  g_object_get (handler, "signaling-uri", &uri, NULL);
  return uri;
}

static gboolean
uri_set (GstURIHandler *handler, const gchar *uri, GError **error)
{
  gboolean is_play = FALSE;
  g_autofree gchar *url = via_dial_url_of (uri, &is_play, NULL);

  if (url == NULL || !is_play) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
        "whep:// or wheps:// with a host");
    return FALSE;
  }
  if (GST_STATE (handler) > GST_STATE_READY) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "whom to call may be changed in READY or below");
    return FALSE;
  }
  g_object_set (handler, "signaling-uri", uri, NULL);
  return TRUE;
}

void
via_webrtc_endpoint_init_uri_handler (gpointer g_iface, gpointer data)
{
  GstURIHandlerInterface *iface = g_iface;

  iface->get_type = uri_type;
  iface->get_protocols = uri_protocols;
  iface->get_uri = uri_get;
  iface->set_uri = uri_set;
}
