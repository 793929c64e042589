/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubbase.c – what every hub is: ports by name and by pads, their list,
 * news of them, statistics. Endpoints of the same pipeline join by hub=NAME;
 * request sink pads let any other element publish.
 */
#include "hubs/hubbase.h"

#include <stdio.h>
#include <string.h>

#include "endpoints/join.h"
#include "endpoints/publishers.h"

typedef struct
{
  ViaCommon common;
  ViaPublishers *publishers; /* the sink pads */
  GMutex lock;               /* guards all below; after that of the pads */
  ViaExchange *exchange;     /* from init; a new one after each READY→NULL */
  GHashTable *members;       /* port number → ViaMember*, above NULL */
  gboolean is_started;
  GstClockID ticks; /* above NULL */
} ViaHubBasePrivate;

enum
{
  PROP_0,
  PROP_APP_DATA,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static ViaExchange *get_exchange (ViaRoomOwner *owner);

static void
room_owner_init (ViaRoomOwnerInterface *iface)
{
  iface->get_exchange = get_exchange;
}

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (ViaHubBase, via_hub_base, GST_TYPE_BIN,
    G_ADD_PRIVATE (ViaHubBase)
        G_IMPLEMENT_INTERFACE (VIA_TYPE_ROOM_OWNER, room_owner_init))

static ViaHubBasePrivate *
private_of (gpointer self)
{
  return via_hub_base_get_instance_private (self);
}

static ViaExchange *
get_exchange (ViaRoomOwner *owner)
{
  ViaHubBasePrivate *self = private_of (owner);
  ViaExchange *exchange;

  g_mutex_lock (&self->lock);
  exchange = via_exchange_ref (self->exchange);
  g_mutex_unlock (&self->lock);
  return exchange;
}

ViaExchange *
via_hub_base_exchange (ViaHubBase *self)
{
  return get_exchange (VIA_ROOM_OWNER (self));
}

gboolean
via_hub_base_refuse (ViaHubBase *self, const gchar *what, GError *error)
{
  GST_ELEMENT_WARNING (
      self, RESOURCE, SETTINGS, ("%s: %s", what, error->message), (NULL));
  g_error_free (error);
  return FALSE;
}

/* --- ports made by pads --- */

/* Pads of one number are one port; each unnamed link (sink_%u) is its own. */
static gpointer
key_of (GstPad *pad, guint number)
{
  gboolean is_unnamed = g_str_has_prefix (GST_OBJECT_NAME (pad), "sink_");

  return GUINT_TO_POINTER (number << 1 | (is_unnamed ? 1 : 0));
}

/* Call with self->lock held. */
static ViaMember *
find_member_locked (ViaHubBase *hub, const ViaPublisher *publisher)
{
  static const ViaMemberFuncs none = {0};
  ViaHubBasePrivate *self = private_of (hub);
  guint number = via_publisher_number (publisher);
  gpointer key = key_of (via_publisher_pad (publisher), number);
  ViaMember *member = g_hash_table_lookup (self->members, key);
  g_auto (ViaCommonWho) who = {0};

  if (member != NULL || !self->is_started)
    return member;
  via_common_who (&self->common, GST_ELEMENT (hub), &who);
  if ((GPOINTER_TO_UINT (key) & 1) == 0)
    who.who.port = number + 1;
  member =
      via_exchange_join_as (self->exchange, NULL, &who.who, &none, NULL, NULL);
  if (member == NULL)
    return NULL;
  g_hash_table_insert (self->members, key, member);
  via_common_present (&self->common, member);
  return member;
}

static ViaMember *
find_member (gpointer user, const ViaPublisher *publisher)
{
  ViaHubBasePrivate *self = private_of (user);
  ViaMember *member;

  g_mutex_lock (&self->lock);
  member = find_member_locked (user, publisher);
  g_mutex_unlock (&self->lock);
  return member;
}

/* A named pad's number is its port's. */
static gboolean
parse_name (const gchar *name, guint *out_number)
{
  return sscanf (name, "audio_sink_%u", out_number) == 1
         || sscanf (name, "video_sink_%u", out_number) == 1;
}

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *templ, const gchar *name,
    const GstCaps *caps)
{
  ViaHubBasePrivate *self = private_of (element);
  guint number;

  if (name != NULL && parse_name (name, &number)) {
    g_mutex_lock (&self->lock);
    via_exchange_reserve (self->exchange, number, TRUE);
    g_mutex_unlock (&self->lock);
  }
  return via_publishers_request (self->publishers, templ, name);
}

/* The member of @key if no pad needs it any more. Call with self->lock held. */
static ViaMember *
steal_member_locked (ViaHubBase *hub, gpointer key)
{
  ViaHubBasePrivate *self = private_of (hub);
  gboolean is_used = FALSE;
  gpointer member = NULL;

  GST_OBJECT_LOCK (hub);
  for (GList *l = GST_ELEMENT (hub)->sinkpads; l != NULL; l = l->next) {
    const gchar *digits = strrchr (GST_OBJECT_NAME (l->data), '_');
    guint number = (guint) g_ascii_strtoull (digits + 1, NULL, 10);

    is_used = is_used || key_of (l->data, number) == key;
  }
  GST_OBJECT_UNLOCK (hub);
  if (!is_used)
    g_hash_table_steal_extended (self->members, key, NULL, &member);
  return member;
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  ViaHubBasePrivate *self = private_of (element);
  g_autofree gchar *name = gst_pad_get_name (pad);
  guint number = (guint) g_ascii_strtoull (strrchr (name, '_') + 1, NULL, 10);
  gpointer key = key_of (pad, number);
  ViaMember *member;

  via_publishers_release (self->publishers, pad);
  g_mutex_lock (&self->lock);
  member = steal_member_locked (VIA_HUB_BASE (element), key);
  if (member != NULL && (GPOINTER_TO_UINT (key) & 1) == 0)
    via_exchange_reserve (self->exchange, number, FALSE);
  g_mutex_unlock (&self->lock);
  via_common_absent (&self->common, member);
  via_member_leave (member);
}

/* --- news --- */

/* via-app. */
static void
on_news (gpointer object, GstStructure *message)
{
  ViaHubBasePrivate *self = private_of (object);

  via_common_post (&self->common, object, message);
}

/* GStreamer's clock thread. */
static gboolean
on_tick (GstClock *clock, GstClockTime time, GstClockID id, gpointer user)
{
  GWeakRef *weak = user;
  g_autoptr (ViaHubBase) self = g_weak_ref_get (weak);

  if (self != NULL) {
    g_autoptr (ViaExchange) exchange = via_hub_base_exchange (self);

    via_exchange_tick (exchange, g_get_monotonic_time ());
  }
  return TRUE;
}

static void
weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static GstClockID
start_ticks (ViaHubBase *self)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  const GstClockTime tick = VIA_EXCHANGE_TICK * GST_USECOND;
  GstClockID id = gst_clock_new_periodic_id (
      clock, gst_clock_get_time (clock) + tick, tick);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  gst_clock_id_wait_async (id, on_tick, weak, weak_free);
  return id;
}

/* --- states --- */

static void
start (ViaHubBase *hub)
{
  ViaHubBasePrivate *self = private_of (hub);
  GstClockID ticks = start_ticks (hub);

  g_mutex_lock (&self->lock);
  self->is_started = TRUE;
  self->ticks = ticks;
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
}

static GHashTable *
new_members (void)
{
  return g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) via_member_leave);
}

static void
stop (ViaHubBase *hub)
{
  ViaHubBasePrivate *self = private_of (hub);
  g_autoptr (GHashTable) members = NULL;
  ViaExchange *old;
  GstClockID ticks;
  GHashTableIter iter;
  gpointer member;

  g_mutex_lock (&self->lock);
  self->is_started = FALSE;
  members = g_steal_pointer (&self->members);
  self->members = new_members ();
  old = self->exchange;
  self->exchange = via_exchange_new_like (old);
  ticks = g_steal_pointer (&self->ticks);
  g_mutex_unlock (&self->lock);
  if (ticks != NULL) {
    gst_clock_id_unschedule (ticks);
    gst_clock_id_unref (ticks);
  }
  via_publishers_update (self->publishers);
  g_hash_table_iter_init (&iter, members);
  while (g_hash_table_iter_next (&iter, NULL, &member))
    via_common_absent (&self->common, member);
  g_hash_table_remove_all (members);
  via_exchange_close (old);
  via_exchange_unref (old);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  ViaHubBase *self = VIA_HUB_BASE (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY)
    start (self);
  else if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    via_eos_reset (&private_of (self)->common);
  result = GST_ELEMENT_CLASS (via_hub_base_parent_class)
               ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL
      || (transition == GST_STATE_CHANGE_NULL_TO_READY
          && result == GST_STATE_CHANGE_FAILURE))
    stop (self);
  return result;
}

/* --- actions --- */

static GstStructure *
action_list_ports (ViaHubBase *self)
{
  g_autoptr (ViaExchange) exchange = via_hub_base_exchange (self);

  return via_exchange_list_ports (exchange);
}

static GstStructure *
action_find_port (ViaHubBase *self, const gchar *key, const gchar *value)
{
  g_autoptr (ViaExchange) exchange = via_hub_base_exchange (self);

  if (key == NULL || value == NULL)
    return NULL;
  return via_exchange_find_port (exchange, key, value);
}

static void
install_actions (GType type)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /* Everyone in the hub: a via-ports. */
  g_signal_new_class_handler ("list-ports", type, flags,
      G_CALLBACK (action_list_ports), NULL, NULL, NULL, GST_TYPE_STRUCTURE, 0);
  /* (key, value): the first port of which `port`, `name`, `app-data` or a tag
   * is that, with its peer's address; NULL if there is none. */
  g_signal_new_class_handler ("find-port", type, flags,
      G_CALLBACK (action_find_port), NULL, NULL, NULL, GST_TYPE_STRUCTURE, 2,
      G_TYPE_STRING, G_TYPE_STRING);
}

/* --- properties and life --- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaHubBasePrivate *self = private_of (object);

  if (id == PROP_APP_DATA)
    via_common_set_app_data (&self->common, NULL, g_value_get_string (value));
  else if (!via_common_set_tag_property (&self->common, object, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static GstStructure *
get_stats (ViaHubBase *self)
{
  g_autoptr (ViaExchange) exchange = via_hub_base_exchange (self);
  GstStructure *stats = via_exchange_stats (exchange);

  via_common_describe (&private_of (self)->common, stats);
  return stats;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaHubBasePrivate *self = private_of (object);

  if (id == PROP_APP_DATA)
    g_value_take_string (value, via_common_get_app_data (&self->common));
  else if (id == PROP_STATS)
    g_value_take_boxed (value, get_stats (VIA_HUB_BASE (object)));
  else if (!via_common_get_tag_property (&self->common, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dispose (GObject *object)
{
  via_publishers_clear (private_of (object)->publishers);
  G_OBJECT_CLASS (via_hub_base_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  ViaHubBasePrivate *self = private_of (object);

  via_publishers_free (self->publishers);
  g_hash_table_unref (self->members);
  via_exchange_unref (self->exchange);
  g_mutex_clear (&self->lock);
  via_common_clear (&self->common);
  G_OBJECT_CLASS (via_hub_base_parent_class)->finalize (object);
}

static void
via_hub_base_class_init (ViaHubBaseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  props[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "What the hub carries now: ports, tracks, and packets per port and track "
      "(structure via-room-stats)",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  via_common_install_tags (object_class, FALSE);
  install_actions (G_TYPE_FROM_CLASS (klass));
  element_class->change_state = change_state;
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  via_eos_init_class (GST_BIN_CLASS (klass));
  via_publisher_add_templates (element_class);
}

static void
via_hub_base_init (ViaHubBase *hub)
{
  static const ViaPublishersFuncs funcs = {.member = find_member};
  ViaHubBasePrivate *self = private_of (hub);

  via_common_init (&self->common, GST_ELEMENT (hub));
  via_eos_init_bin (GST_BIN (hub));
  g_mutex_init (&self->lock);
  self->exchange = via_exchange_new ();
  via_exchange_listen (self->exchange, G_OBJECT (hub), on_news);
  self->publishers = via_publishers_new (GST_BIN (hub), &funcs, hub);
  self->members = new_members ();
}
