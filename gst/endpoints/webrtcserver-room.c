/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-room.c – the room of a webrtcserver: its hub's or one
 * of its own. A hub that goes is left at once and joined again when it is back;
 * another one of its name is not.
 */
#include "endpoints/webrtcserver-private.h"

#include "endpoints/join.h"
#include "endpoints/transcoders.h"
#include "io/app.h"

#define LOOK_MS 500 /* a lost hub is looked for again this often */

static void look_again (GstElement *element, gpointer data);

/* --- the hub's end --- */

/* via-app. */
static void
run_lost (gpointer data)
{
  ViaWebrtcServer *self = data;
  g_autofree gchar *hub = via_common_get_hub (&self->common);

  if (GST_STATE (self) <= GST_STATE_READY)
    return; /* the whole pipeline is going down */
  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("hub-lost", "hub", G_TYPE_STRING, hub, NULL));
}

/* via-app, inside the member's guard: so nothing here runs a handler. */
static void
on_lost (gpointer user)
{
  ViaWebrtcServer *self = user;

  g_mutex_lock (&self->room_lock);
  self->is_lost = TRUE;
  g_mutex_unlock (&self->room_lock);
  via_app_post (run_lost, gst_object_ref (self), gst_object_unref);
  gst_element_call_async (GST_ELEMENT (self), look_again, NULL, NULL);
}

static gboolean
on_look (gpointer data)
{
  gst_element_call_async (data, look_again, NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* A thread of GStreamer's own, for which nobody waits: it may take the state
 * lock. */
static void
look_again (GstElement *element, gpointer data)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (element);
  gboolean is_lost;

  GST_STATE_LOCK (element);
  g_mutex_lock (&self->room_lock);
  is_lost = self->is_lost;
  g_mutex_unlock (&self->room_lock);
  if (is_lost)
    via_webrtc_server_leave (self);
  if (self->peers != NULL) {
    if (is_lost)
      via_peers_dismiss (self->peers); /* they come back by themselves */
    if (!via_webrtc_server_join (self, NULL))
      via_peers_after (self->peers, LOOK_MS, on_look, gst_object_ref (self),
          gst_object_unref);
  }
  GST_STATE_UNLOCK (element);
}

/* --- joining and leaving --- */

/* Call with self->room_lock held. */
static ViaMember *
member_locked (ViaWebrtcServer *self)
{
  static const ViaMemberFuncs funcs = {
      .lost = on_lost, .data = via_webrtc_server_take_data};
  g_auto (ViaCommonWho) who = {0};

  if (self->member == NULL && self->exchange != NULL && !self->is_lost) {
    via_common_who (&self->common, GST_ELEMENT (self), &who);
    self->member = via_exchange_join_as (
        self->exchange, NULL, &who.who, &funcs, self, NULL);
    via_common_present (&self->common, self->member);
  }
  return self->member;
}

/* Every sink pad is a track of one port: the member that publishes it, or NULL
 * while there is no room. */
ViaMember *
via_webrtc_server_find_member (gpointer user, const ViaPublisher *publisher)
{
  ViaWebrtcServer *self = user;
  ViaMember *member;

  g_mutex_lock (&self->room_lock);
  member = member_locked (self);
  g_mutex_unlock (&self->room_lock);
  return member;
}

ViaMember *
via_webrtc_server_ref_member (ViaWebrtcServer *self)
{
  ViaMember *member;

  g_mutex_lock (&self->room_lock);
  member = member_locked (self);
  if (member != NULL)
    via_member_ref (member);
  g_mutex_unlock (&self->room_lock);
  return member;
}

void
via_webrtc_server_tell_app_data (ViaWebrtcServer *self)
{
  g_autofree gchar *text = NULL;

  g_mutex_lock (&self->room_lock);
  text = via_common_get_app_data (&self->common);
  if (self->member != NULL)
    via_member_set_app_data (self->member, text);
  g_mutex_unlock (&self->room_lock);
}

/* @hub by name the first time; then only the same one: nobody joins another of
 * that name by accident. */
static ViaExchange *
find_hub (ViaWebrtcServer *self, const gchar *hub, GError **error)
{
  GstElement *element = GST_ELEMENT (self);
  g_autoptr (GObject) before = g_weak_ref_get (&self->hub);
  g_autoptr (GstElement) found = NULL;
  ViaExchange *exchange;

  if (self->peers != NULL) /* one that went to NULL is not back before READY */
    return via_join_find_again (element, hub, before, error);
  exchange = via_join_find (element, hub, error);
  if (exchange != NULL)
    found = via_join_find_element (element, "hub", hub, NULL);
  g_weak_ref_set (&self->hub, found);
  return exchange;
}

gboolean
via_webrtc_server_join (ViaWebrtcServer *self, GError **error)
{
  g_autofree gchar *hub = via_common_get_hub (&self->common);
  ViaExchange *exchange;

  if (self->exchange != NULL)
    return TRUE;
  exchange = hub != NULL ? find_hub (self, hub, error) : via_exchange_new ();
  if (exchange == NULL)
    return FALSE;
  if (hub == NULL)
    via_transcoders_serve (GST_BIN (self), exchange);
  g_mutex_lock (&self->room_lock);
  self->exchange = exchange;
  self->is_lost = FALSE;
  member_locked (self);
  g_mutex_unlock (&self->room_lock);
  via_publishers_update (self->publishers);
  return TRUE;
}

void
via_webrtc_server_leave (ViaWebrtcServer *self)
{
  ViaExchange *exchange;
  ViaMember *member;

  g_mutex_lock (&self->room_lock);
  exchange = g_steal_pointer (&self->exchange);
  member = g_steal_pointer (&self->member);
  self->is_lost = FALSE;
  g_mutex_unlock (&self->room_lock);
  via_publishers_update (self->publishers);
  via_common_absent (&self->common, member);
  via_member_leave (member);
  via_transcoders_clear (GST_BIN (self));
  g_clear_pointer (&exchange, via_exchange_unref);
}

ViaExchange *
via_webrtc_server_room (gpointer user, GError **error)
{
  ViaWebrtcServer *self = user;
  g_autofree gchar *hub = via_common_get_hub (&self->common);
  ViaExchange *exchange = NULL;

  g_mutex_lock (&self->room_lock);
  if (self->exchange != NULL && !self->is_lost)
    exchange = via_exchange_ref (self->exchange);
  g_mutex_unlock (&self->room_lock);
  if (exchange == NULL)
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "The hub %s is gone for now", hub != NULL ? hub : "");
  return exchange;
}
