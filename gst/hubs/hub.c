/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hub.c – the element hub: every port to every other port, transcoded for
 * who does not take a track's codec. What each port sends is at sometimes
 * source pads, too.
 *
 * SECTION:element-hub
 * |[
 * gst-launch-1.0 hub name=room webrtcserver hub=room \
 *     videotestsrc ! vp8enc deadline=1 ! room.video_sink_0
 * ]|
 * |[
 * gst-launch-1.0 hub name=room webrtcserver hub=room page=publish \
 *     room.video_src_1_0 ! decodebin ! autovideosink
 * ]|
 */
#include "hubs/hub.h"

#include <stdio.h>

#include "endpoints/configprops.h"
#include "endpoints/outlets.h"
#include "hubs/stall.h"

struct _ViaHub
{
  ViaHubBase parent;
  gint last_n; /* atomic */
  GMutex lock; /* guards all below; before the exchange's */
  gboolean is_started;
  ViaOutlets *outlets; /* (nullable) once somebody waited for pads */
  GHashTable *stalls;  /* name of a pad → ViaStall */
};

enum
{
  PROP_0,
  PROP_LAST_N,
};

G_DEFINE_FINAL_TYPE (ViaHub, via_hub, VIA_TYPE_HUB_BASE)

/* --- source pads --- */

/* Pads come for whom waits for them (a parsed line, an application): without
 * one each track would have a viewer nobody needs. Call with self->lock held.
 */
static void
open_awaited_locked (ViaHub *self)
{
  const ViaMemberWho who = {.is_observer = TRUE};
  const ViaOutletsConfig config = {.who = &who,
      .n_audio = G_MAXUINT,
      .n_video = G_MAXUINT,
      .is_by_port = TRUE};
  g_autoptr (ViaExchange) exchange =
      via_hub_base_exchange (VIA_HUB_BASE (self));

  if (!self->is_started || self->outlets != NULL
      || !via_common_is_source (GST_ELEMENT (self)))
    return;
  self->outlets =
      via_outlets_new (GST_BIN (self), exchange, &config, NULL, NULL, NULL);
}

/* Call with self->lock held. */
static void
look_for_stalls_locked (ViaHub *self)
{
  g_autoptr (ViaExchange) exchange =
      via_hub_base_exchange (VIA_HUB_BASE (self));
  g_autoptr (GstStructure) all = via_outlets_stats (self->outlets);

  for (gint i = 0; i < gst_structure_n_fields (all); i++) {
    const gchar *name = gst_structure_nth_field_name (all, i);
    const GValue *value = gst_structure_get_value (all, name);
    ViaStall *stall = g_hash_table_lookup (self->stalls, name);
    GstStructure *news;
    guint64 overflow = 0;
    guint port = 0;

    if (!GST_VALUE_HOLDS_STRUCTURE (value))
      continue;
    gst_structure_get_uint64 (
        gst_value_get_structure (value), "overflow", &overflow);
    sscanf (name, "%*5s_src_%u", &port);
    if (stall == NULL) {
      stall = g_new0 (ViaStall, 1);
      g_hash_table_insert (self->stalls, g_strdup (name), stall);
    }
    news = via_stall_look (stall, overflow, name, port);
    if (news != NULL)
      via_exchange_tell (exchange, news);
  }
}

static void
tick (ViaHubBase *base)
{
  ViaHub *self = VIA_HUB (base);

  g_mutex_lock (&self->lock);
  open_awaited_locked (self);
  if (self->outlets != NULL)
    look_for_stalls_locked (self);
  g_mutex_unlock (&self->lock);
}

static void
start (ViaHubBase *base)
{
  ViaHub *self = VIA_HUB (base);

  g_mutex_lock (&self->lock);
  self->is_started = TRUE;
  open_awaited_locked (self);
  g_mutex_unlock (&self->lock);
}

static void
stop (ViaHubBase *base)
{
  ViaHub *self = VIA_HUB (base);
  ViaOutlets *outlets;

  g_mutex_lock (&self->lock);
  self->is_started = FALSE;
  outlets = g_steal_pointer (&self->outlets);
  g_hash_table_remove_all (self->stalls);
  g_mutex_unlock (&self->lock);
  via_outlets_free (outlets);
}

static void
eos (ViaHubBase *base)
{
  ViaHub *self = VIA_HUB (base);

  g_mutex_lock (&self->lock);
  if (self->outlets != NULL)
    via_outlets_eos (self->outlets);
  g_mutex_unlock (&self->lock);
}

/* --- properties and life --- */

static void
hub_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  g_autoptr (ViaExchange) exchange =
      via_hub_base_exchange (VIA_HUB_BASE (object));

  g_atomic_int_set (&VIA_HUB (object)->last_n, (gint) g_value_get_uint (value));
  via_exchange_set_last_n (exchange, g_value_get_uint (value));
}

static void
hub_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_uint (
      value, (guint) g_atomic_int_get (&VIA_HUB (object)->last_n));
}

static void
hub_finalize (GObject *object)
{
  ViaHub *self = VIA_HUB (object);

  g_hash_table_unref (self->stalls);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (via_hub_parent_class)->finalize (object);
}

static void
via_hub_class_init (ViaHubClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ViaHubBaseClass *base_class = VIA_HUB_BASE_CLASS (klass);

  object_class->set_property = hub_set_property;
  object_class->get_property = hub_get_property;
  object_class->finalize = hub_finalize;
  base_class->start = start;
  base_class->tick = tick;
  base_class->stop = stop;
  base_class->eos = eos;
  via_outlets_add_port_templates (GST_ELEMENT_CLASS (klass));
  g_object_class_install_property (object_class, PROP_LAST_N,
      via_configprops_may_set (g_param_spec_uint ("last-n", "Last n",
          "Each port gets the video of so many others at most: of those who "
          "spoke last (RFC 6464 audio levels), then of the lowest port "
          "numbers. Audio is not limited. 0: of all. Takes effect at once",
          0, G_MAXINT, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_PLAYING)));
  via_configprops_install (object_class, "hub");
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Hub",
      "Generic/Network/WebRTC",
      "Forwards every port to every other port of one pipeline, transcoded "
      "only for who does not take a track's codec; endpoints join it by "
      "hub=NAME",
      "The gst-via developers");
}

static void
via_hub_init (ViaHub *self)
{
  g_mutex_init (&self->lock);
  self->stalls =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}
