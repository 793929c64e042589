/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubbase.c – what every hub is: ports by name and by pads, their list,
 * news of them, statistics. Endpoints of the same pipeline join by hub=NAME;
 * request sink pads let any other element publish.
 */
#include "hubs/hubbase.h"

#include <string.h>

#include "endpoints/datapads.h"
#include "endpoints/join.h"
#include "endpoints/publisher.h"
#include "endpoints/transcoders.h"
#include "hubs/hubports.h"

typedef struct
{
  ViaCommon common;
  ViaHubPorts *ports; /* of pads */
  ViaDataPads *data_pads;
  GMutex lock;           /* guards all below; after that of the pads */
  ViaExchange *exchange; /* from init; a new one after each READY→NULL */
  GstClockID ticks;      /* above NULL */
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

/* --- pads --- */

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *templ, const gchar *name,
    const GstCaps *caps)
{
  ViaHubBasePrivate *self = private_of (element);
  GstPad *pad = via_datapads_request (self->data_pads, templ, name);

  return pad != NULL ? pad : via_hub_ports_request (self->ports, templ, name);
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  ViaHubBasePrivate *self = private_of (element);

  if (!via_datapads_release (self->data_pads, pad))
    via_hub_ports_release (self->ports, pad);
}

static gboolean
send_event (GstElement *element, GstEvent *event)
{
  ViaHubBaseClass *klass = VIA_HUB_BASE_GET_CLASS (element);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    via_hub_ports_eos (private_of (element)->ports);
    if (klass->eos != NULL)
      klass->eos (VIA_HUB_BASE (element));
  }
  return via_eos_send_event (element, event);
}

/* A data sink pad speaks to all others, or to whom its caps say. */
static GstFlowReturn
send_data (gpointer user, ViaDataSink *sink, gboolean is_text, GBytes *message,
    const gint *stop)
{
  g_autoptr (ViaExchange) exchange = via_hub_base_exchange (user);
  const ViaChannelWish *wish = via_data_sink_wish (sink);
  const ViaRoomMessage said = {wish->label, wish->protocol, is_text, message};

  via_exchange_send_data (
      exchange, VIA_EXCHANGE_NOBODY, via_data_sink_to (sink), &said);
  return GST_FLOW_OK;
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
    ViaHubBaseClass *klass = VIA_HUB_BASE_GET_CLASS (self);
    g_autoptr (ViaExchange) exchange = via_hub_base_exchange (self);

    via_exchange_tick (exchange, g_get_monotonic_time ());
    via_hub_ports_tick (private_of (self)->ports);
    if (klass->tick != NULL)
      klass->tick (self);
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

void
via_hub_base_add_source_templates (GstElementClass *klass)
{
  static GstStaticPadTemplate pads[] = {
      GST_STATIC_PAD_TEMPLATE (
          "video_src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY),
      GST_STATIC_PAD_TEMPLATE (
          "audio_src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY),
  };

  for (guint i = 0; i < G_N_ELEMENTS (pads); i++)
    gst_element_class_add_static_pad_template (klass, &pads[i]);
}

/* --- states --- */

static void
start (ViaHubBase *hub)
{
  ViaHubBasePrivate *self = private_of (hub);
  ViaHubBaseClass *klass = VIA_HUB_BASE_GET_CLASS (hub);
  GstClockID ticks = start_ticks (hub);

  g_mutex_lock (&self->lock);
  self->ticks = ticks;
  g_mutex_unlock (&self->lock);
  if (klass->start != NULL)
    klass->start (hub);
  via_hub_ports_start (self->ports);
}

static void
stop (ViaHubBase *hub)
{
  ViaHubBasePrivate *self = private_of (hub);
  ViaHubBaseClass *klass = VIA_HUB_BASE_GET_CLASS (hub);
  ViaExchange *old, *next;
  GstClockID ticks;

  g_mutex_lock (&self->lock);
  old = self->exchange;
  next = self->exchange = via_exchange_new_like (old);
  ticks = g_steal_pointer (&self->ticks);
  g_mutex_unlock (&self->lock);
  if (ticks != NULL) {
    gst_clock_id_unschedule (ticks);
    gst_clock_id_unref (ticks);
  }
  if (klass->stop != NULL)
    klass->stop (hub);
  via_hub_ports_stop (self->ports, next);
  via_exchange_close (old);
  via_transcoders_clear (GST_BIN (hub));
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
  if (GST_STATE_TRANSITION_NEXT (transition) == GST_STATE_PAUSED
      && result != GST_STATE_CHANGE_FAILURE)
    return via_common_is_source (element) ? GST_STATE_CHANGE_NO_PREROLL
                                          : GST_STATE_CHANGE_SUCCESS;
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

static guint
say (ViaHubBase *self, const gchar *to, const gchar *label, gboolean is_text,
    GBytes *bytes)
{
  g_autoptr (ViaExchange) exchange = via_hub_base_exchange (self);
  const ViaRoomMessage said = {label != NULL ? label : "", "", is_text, bytes};

  return via_exchange_send_data (exchange, VIA_EXCHANGE_NOBODY,
      to != NULL && *to != '\0' ? to : NULL, &said);
}

static guint
action_send_data (
    ViaHubBase *self, const gchar *to, const gchar *label, GBytes *data)
{
  g_autoptr (GBytes) bytes =
      data != NULL ? g_bytes_ref (data) : g_bytes_new_static ("", 0);

  return say (self, to, label, FALSE, bytes);
}

static guint
action_send_string (
    ViaHubBase *self, const gchar *to, const gchar *label, const gchar *text)
{
  g_autoptr (GBytes) bytes =
      g_bytes_new (text != NULL ? text : "", text != NULL ? strlen (text) : 0);

  return say (self, to, label, TRUE, bytes);
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
  /* (to, label, message): to the peers of those @to means, NULL: all. */
  g_signal_new_class_handler ("send-data", type, flags,
      G_CALLBACK (action_send_data), NULL, NULL, NULL, G_TYPE_UINT, 3,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_BYTES);
  g_signal_new_class_handler ("send-string", type, flags,
      G_CALLBACK (action_send_string), NULL, NULL, NULL, G_TYPE_UINT, 3,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
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
  via_datapads_clear (private_of (object)->data_pads);
  via_hub_ports_clear (private_of (object)->ports);
  G_OBJECT_CLASS (via_hub_base_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  ViaHubBasePrivate *self = private_of (object);

  via_hub_ports_free (self->ports);
  via_datapads_free (self->data_pads);
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
  element_class->send_event = send_event;
  via_publisher_add_templates (element_class);
  via_datapads_add_sink_template (element_class);
}

static void
via_hub_base_init (ViaHubBase *hub)
{
  static const ViaDataPadsFuncs data_funcs = {.send = send_data};
  ViaHubBasePrivate *self = private_of (hub);

  via_common_init (&self->common, GST_ELEMENT (hub));
  via_eos_init_bin (GST_BIN (hub));
  g_mutex_init (&self->lock);
  self->exchange = via_exchange_new ();
  via_exchange_listen (self->exchange, G_OBJECT (hub), on_news);
  via_transcoders_serve (GST_BIN (hub), self->exchange);
  self->data_pads = via_datapads_new (GST_BIN (hub), &data_funcs, hub);
  self->ports =
      via_hub_ports_new (GST_BIN (hub), &self->common, self->exchange);
}
