/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-peer.c – peer=NAME: two endpoints of one pipeline
 * call each other without signalling of the application's. The media goes the
 * whole way: ICE, DTLS, SRTP.
 */
#include "endpoints/webrtcendpoint-private.h"

#include <string.h>

#include "endpoints/join.h"
#include "io/app.h"

/* --- who calls whom --- */

static ViaWebrtcEndpoint *
find_named (ViaWebrtcEndpoint *self, const gchar *name, GError **error)
{
  g_autoptr (GstElement) found =
      via_join_find_element (GST_ELEMENT (self), "peer", name, error);
  g_autofree gchar *path = NULL;

  if (found == NULL)
    return NULL;
  if (VIA_IS_WEBRTC_ENDPOINT (found) && found != GST_ELEMENT (self))
    return VIA_WEBRTC_ENDPOINT (g_steal_pointer (&found));
  path = gst_object_get_path_string (GST_OBJECT (found));
  g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
      "peer=%s: the element %s is %s", name, path,
      found == GST_ELEMENT (self) ? "this endpoint itself"
                                  : "no webrtcendpoint");
  return NULL;
}

static gchar *
name_of_peer (ViaWebrtcEndpoint *self)
{
  gchar *name;

  g_mutex_lock (&self->lock);
  name = g_strdup (self->peer.name);
  g_mutex_unlock (&self->lock);
  return name;
}

/* Takes @other for @self; FALSE: it has somebody else. */
static gboolean
take (ViaWebrtcEndpoint *other, ViaWebrtcEndpoint *self)
{
  gboolean is_free;

  g_mutex_lock (&other->lock);
  is_free = other->peer.taken == NULL || other->peer.taken == self;
  if (is_free)
    other->peer.taken = self;
  g_mutex_unlock (&other->lock);
  return is_free;
}

/* Where both name each other, the one whose path comes first calls. */
static gboolean
settle (ViaWebrtcEndpoint *self, ViaWebrtcEndpoint *other, gboolean *out_dials)
{
  g_autofree gchar *back = name_of_peer (other);
  g_autoptr (ViaWebrtcEndpoint) third = NULL;
  g_autofree gchar *ours = gst_object_get_path_string (GST_OBJECT (self));
  g_autofree gchar *theirs = gst_object_get_path_string (GST_OBJECT (other));

  *out_dials = TRUE;
  if (back == NULL)
    return take (other, self);
  third = find_named (other, back, NULL);
  if (third != self)
    return FALSE;
  *out_dials = strcmp (ours, theirs) < 0;
  return TRUE;
}

gboolean
via_webrtc_endpoint_find_partner (ViaWebrtcEndpoint *self, GError **error)
{
  g_autofree gchar *name = name_of_peer (self);
  g_autoptr (ViaWebrtcEndpoint) other = NULL;
  gboolean is_found, dials;

  g_mutex_lock (&self->lock);
  is_found = self->peer.is_found;
  g_mutex_unlock (&self->lock);
  if (name == NULL || is_found)
    return TRUE;
  other = find_named (self, name, error);
  if (other == NULL)
    return FALSE;
  if (!settle (self, other, &dials)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "peer=%s: that endpoint already has another peer", name);
    return FALSE;
  }
  g_weak_ref_set (&self->partner, other);
  g_weak_ref_set (&other->partner, self);
  g_mutex_lock (&self->lock);
  self->peer.is_found = TRUE;
  self->peer.dials = dials;
  self->peer.dial_at = G_MAXINT64; /* known once both are up */
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static void
stop_alarm (ViaWebrtcEndpoint *self)
{
  GstClockID alarm;

  g_mutex_lock (&self->lock);
  alarm = g_steal_pointer (&self->peer.alarm);
  g_mutex_unlock (&self->lock);
  if (alarm == NULL)
    return;
  gst_clock_id_unschedule (alarm);
  gst_clock_id_unref (alarm);
}

void
via_webrtc_endpoint_leave_partner (ViaWebrtcEndpoint *self)
{
  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);

  stop_alarm (self);
  g_mutex_lock (&self->lock);
  self->peer.is_found = self->peer.dials = FALSE;
  self->peer.taken = NULL;
  g_mutex_unlock (&self->lock);
  g_weak_ref_set (&self->partner, NULL);
  if (other == NULL)
    return;
  g_mutex_lock (&other->lock);
  if (other->peer.taken == self)
    other->peer.taken = NULL;
  g_mutex_unlock (&other->lock);
}

/* --- calling; via-app --- */

static gboolean
call (ViaWebrtcEndpoint *self, ViaWebrtcEndpoint *other, GError **error)
{
  g_autofree gchar *offer = via_webrtc_endpoint_generate_offer (self, 0, error);
  g_autofree gchar *answer = NULL;

  if (offer != NULL)
    answer = via_webrtc_endpoint_process_offer (other, offer, error);
  return answer != NULL
         && via_webrtc_endpoint_process_answer (self, answer, error)
         && via_webrtc_endpoint_gather (self, error)
         && via_webrtc_endpoint_gather (other, error);
}

/* An offer has an m-line for every pad, so it waits for their caps. */
static gboolean
waits_for_caps (ViaWebrtcEndpoint *self, ViaWebrtcEndpoint *other)
{
  return via_publishers_count (self->publishers, VIA_KIND_UNKNOWN)
             + via_publishers_count (other->publishers, VIA_KIND_UNKNOWN)
         > 0;
}

static gboolean
is_up (ViaWebrtcEndpoint *self)
{
  gboolean is;

  g_mutex_lock (&self->lock);
  is = self->peer.is_up;
  g_mutex_unlock (&self->lock);
  return is;
}

static void
run_dial (gpointer data)
{
  ViaWebrtcEndpoint *self = data;
  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);
  g_autofree gchar *name = name_of_peer (self);
  g_autoptr (GError) error = NULL;
  gboolean is_due, is_late;

  if (other == NULL || !is_up (self) || !is_up (other))
    return;
  g_mutex_lock (&self->lock);
  is_late = self->peer.dial_at <= g_get_monotonic_time ();
  is_due = self->peer.dials;
  g_mutex_unlock (&self->lock);
  if (!is_due || (!is_late && waits_for_caps (self, other)))
    return;
  g_mutex_lock (&self->lock);
  self->peer.dials = FALSE;
  g_mutex_unlock (&self->lock);
  stop_alarm (self);
  if (!call (self, other, &error))
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("peer=%s: %s", name, error->message), (NULL));
}

void
via_webrtc_endpoint_call_again (ViaWebrtcEndpoint *self)
{
  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);
  g_autoptr (GError) error = NULL;

  if (other == NULL || !is_up (self) || !is_up (other))
    return;
  if (!call (self, other, &error))
    GST_WARNING_OBJECT (self, "calling again: %s", error->message);
}

/* --- what a call waits for --- */

static void
post_dial (ViaWebrtcEndpoint *self)
{
  /* The session holds via-app. */
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    via_app_post (run_dial, gst_object_ref (self), gst_object_unref);
  g_rw_lock_reader_unlock (&self->session_lock);
}

static gboolean
on_alarm (GstClock *clock, GstClockTime time, GstClockID id, gpointer user)
{
  post_dial (user);
  return TRUE;
}

static void
set_alarm (ViaWebrtcEndpoint *self)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockID alarm = gst_clock_new_single_shot_id (
      clock, gst_clock_get_time (clock) + VIA_WEBRTC_CAPS_WAIT * GST_USECOND);
  gboolean is_first;

  g_mutex_lock (&self->lock);
  is_first = self->peer.dials && self->peer.alarm == NULL;
  if (is_first) {
    self->peer.alarm = gst_clock_id_ref (alarm);
    self->peer.dial_at = g_get_monotonic_time () + VIA_WEBRTC_CAPS_WAIT;
  }
  g_mutex_unlock (&self->lock);
  if (is_first)
    gst_clock_id_wait_async (
        alarm, on_alarm, gst_object_ref (self), gst_object_unref);
  gst_clock_id_unref (alarm);
}

void
via_webrtc_endpoint_set_up (ViaWebrtcEndpoint *self, gboolean is)
{
  g_mutex_lock (&self->lock);
  self->peer.is_up = is;
  g_mutex_unlock (&self->lock);
  if (is)
    via_webrtc_endpoint_nudge_partner (self);
}

void
via_webrtc_endpoint_nudge_partner (ViaWebrtcEndpoint *self)
{
  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);
  ViaWebrtcEndpoint *ends[] = {self, other};

  for (guint i = 0; other != NULL && i < G_N_ELEMENTS (ends); i++) {
    gboolean dials;

    g_mutex_lock (&ends[i]->lock);
    dials = ends[i]->peer.dials;
    g_mutex_unlock (&ends[i]->lock);
    if (!dials)
      continue;
    if (is_up (self) && is_up (other))
      set_alarm (ends[i]);
    post_dial (ends[i]);
  }
}

void
via_webrtc_endpoint_tell_partner (
    ViaWebrtcEndpoint *self, guint mline, const gchar *candidate)
{
  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);

  if (other != NULL)
    via_webrtc_endpoint_add_candidate (other, mline, candidate, NULL);
}
