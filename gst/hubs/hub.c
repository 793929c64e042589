/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hub.c – the element hub: every port to every other port, without
 * transcoding. Endpoints of the same pipeline join it by hub=NAME; its request
 * sink pads let any other element publish.
 *
 * SECTION:element-hub
 * |[
 * gst-launch-1.0 hub name=room webrtcserver hub=room \
 *     videotestsrc ! vp8enc deadline=1 ! room.video_sink_0
 * ]|
 */
#include "hubs/hub.h"

#include "endpoints/common.h"
#include "endpoints/join.h"
#include "endpoints/publishers.h"

struct _ViaHub
{
  GstBin parent;
  ViaCommon common;
  ViaPublishers *publishers; /* the sink pads */
  GMutex lock;               /* guards all below; after that of the pads */
  ViaExchange *exchange;     /* from init; a new one after each READY→NULL */
  GHashTable *members;       /* port number → ViaMember*, above NULL */
  gboolean is_started;
};

enum
{
  PROP_0,
  PROP_APP_DATA,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static ViaExchange *
hub_get_exchange (ViaRoomOwner *owner)
{
  ViaHub *self = VIA_HUB (owner);
  ViaExchange *exchange;

  g_mutex_lock (&self->lock);
  exchange = via_exchange_ref (self->exchange);
  g_mutex_unlock (&self->lock);
  return exchange;
}

static void
room_owner_init (ViaRoomOwnerInterface *iface)
{
  iface->get_exchange = hub_get_exchange;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ViaHub, via_hub, GST_TYPE_BIN,
    G_IMPLEMENT_INTERFACE (VIA_TYPE_ROOM_OWNER, room_owner_init))

/* --- ports made by pads --- */

/* Pads of one number are one port; each unnamed link (sink_%u) is its own.
 * Call with self->lock held. */
static ViaMember *
find_member_locked (ViaHub *self, const ViaPublisher *publisher)
{
  static const ViaMemberFuncs none = {0};
  gboolean is_unnamed = g_str_has_prefix (
      GST_OBJECT_NAME (via_publisher_pad (publisher)), "sink_");
  gpointer key = GUINT_TO_POINTER (
      via_publisher_number (publisher) << 1 | (is_unnamed ? 1 : 0));
  ViaMember *member = g_hash_table_lookup (self->members, key);
  g_autofree gchar *app_data = NULL;

  if (member != NULL || !self->is_started)
    return member;
  app_data = via_common_get_app_data (&self->common);
  member = via_exchange_join (self->exchange, NULL, GST_OBJECT_NAME (self),
      app_data, &none, NULL, NULL);
  if (member != NULL)
    g_hash_table_insert (self->members, key, member);
  return member;
}

static ViaMember *
find_member (gpointer user, const ViaPublisher *publisher)
{
  ViaHub *self = user;
  ViaMember *member;

  g_mutex_lock (&self->lock);
  member = find_member_locked (self, publisher);
  g_mutex_unlock (&self->lock);
  return member;
}

static GstPad *
hub_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  return via_publishers_request (VIA_HUB (element)->publishers, templ, name);
}

static void
hub_release_pad (GstElement *element, GstPad *pad)
{
  via_publishers_release (VIA_HUB (element)->publishers, pad);
}

/* --- states --- */

static void
start (ViaHub *self)
{
  g_mutex_lock (&self->lock);
  self->is_started = TRUE;
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
}

static void
stop (ViaHub *self)
{
  g_autoptr (GHashTable) members = NULL;
  ViaExchange *old;

  g_mutex_lock (&self->lock);
  self->is_started = FALSE;
  members = g_steal_pointer (&self->members);
  self->members = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) via_member_leave);
  old = self->exchange;
  self->exchange = via_exchange_new ();
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
  g_hash_table_remove_all (members);
  via_exchange_close (old);
  via_exchange_unref (old);
}

static GstStateChangeReturn
hub_change_state (GstElement *element, GstStateChange transition)
{
  ViaHub *self = VIA_HUB (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY)
    start (self);
  else if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    via_eos_reset (&self->common);
  result = GST_ELEMENT_CLASS (via_hub_parent_class)
               ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY
          && result == GST_STATE_CHANGE_FAILURE))
    stop (self);
  return result;
}

/* --- properties and life --- */

static void
hub_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaHub *self = VIA_HUB (object);

  switch (id) {
    case PROP_APP_DATA:
      via_common_set_app_data (&self->common, NULL, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
hub_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaHub *self = VIA_HUB (object);

  switch (id) {
    case PROP_APP_DATA:
      g_value_take_string (value, via_common_get_app_data (&self->common));
      break;
    case PROP_STATS: {
      ViaExchange *exchange = hub_get_exchange (VIA_ROOM_OWNER (self));

      g_value_take_boxed (value, via_exchange_stats (exchange));
      via_exchange_unref (exchange);
      break;
    }
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
hub_dispose (GObject *object)
{
  ViaHub *self = VIA_HUB (object);

  via_publishers_clear (self->publishers);
  G_OBJECT_CLASS (via_hub_parent_class)->dispose (object);
}

static void
hub_finalize (GObject *object)
{
  ViaHub *self = VIA_HUB (object);

  via_publishers_free (self->publishers);
  g_hash_table_unref (self->members);
  via_exchange_unref (self->exchange);
  g_mutex_clear (&self->lock);
  via_common_clear (&self->common);
  G_OBJECT_CLASS (via_hub_parent_class)->finalize (object);
}

static void
via_hub_class_init (ViaHubClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = hub_set_property;
  object_class->get_property = hub_get_property;
  object_class->dispose = hub_dispose;
  object_class->finalize = hub_finalize;
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  props[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "What the hub carries now: ports, tracks, and packets per track "
      "(structure via-room-stats)",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  element_class->change_state = hub_change_state;
  element_class->request_new_pad = hub_request_new_pad;
  element_class->release_pad = hub_release_pad;
  via_eos_init_class (GST_BIN_CLASS (klass));
  via_publisher_add_templates (element_class);
  gst_element_class_set_static_metadata (element_class, "Hub",
      "Generic/Network/WebRTC",
      "Forwards every port to every other port of one pipeline, without "
      "transcoding; endpoints join it by hub=NAME",
      "The gst-via developers");
}

static void
via_hub_init (ViaHub *self)
{
  static const ViaPublishersFuncs funcs = {.member = find_member};

  via_common_init (&self->common, GST_ELEMENT (self));
  via_eos_init_bin (GST_BIN (self));
  g_mutex_init (&self->lock);
  self->exchange = via_exchange_new ();
  self->publishers = via_publishers_new (GST_BIN (self), &funcs, self);
  self->members = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) via_member_leave);
}
