/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/outlets.c – the tracks of a room at sometimes source pads of a bin:
 * a member that makes one outlet per track it is given.
 * Knows nothing of peers.
 */
#include "endpoints/outlets.h"

#include "base/error.h"
#include "io/app.h"

/* One track at one pad. */
typedef struct
{
  gatomicrefcount refs;
  /* immutable */
  ViaOutlets *owner; /* owned */
  ViaKind kind;
  ViaTrackInfo track; /* the first one */
  ViaOutlet *outlet;  /* owned */
  /* loop thread */
  guint slot;
  gboolean is_attached;
  /* under the owner's lock */
  enum
  {
    TAP_NEW,    /* not yet in the bin */
    TAP_ADDING, /* via-app is at it */
    TAP_SHOWN,
    TAP_GONE,
  } stage;
  GstPad *pad; /* owned, from TAP_SHOWN on */
  gboolean is_detached, has_ended, is_due;
} Tap;

struct _ViaOutlets
{
  gatomicrefcount refs;
  /* immutable */
  GstBin *bin; /* owned: pads may come and go while its owner lets go */
  ViaOutletsConfig config; /* without its strings */
  ViaOutletsFuncs funcs;
  gpointer user;
  ViaLoop *loop;
  ViaMember *member; /* until _free */
  guint port, group_id;
  /* loop thread */
  GHashTable *slots; /* key of kind and slot → Tap, owned */
  GQueue kept[2];    /* Tap, owned: its track went, per kind */
  gboolean has_left;
  /* any thread */
  gint keeps;  /* atomic: pads outlive tracks */
  GMutex lock; /* guards all below, and taps */
  GPtrArray *taps;
  guint latency_ms;
  gboolean is_closed;
};

static const gchar *const templates[] = {
    [VIA_KIND_AUDIO] = "audio_src_%u",
    [VIA_KIND_VIDEO] = "video_src_%u",
};
static const gchar *const port_templates[] = {
    [VIA_KIND_AUDIO] = "audio_src_%u_%u",
    [VIA_KIND_VIDEO] = "video_src_%u_%u",
};

void
via_outlets_add_templates (GstElementClass *klass)
{
  static GstStaticPadTemplate pads[] = {
      GST_STATIC_PAD_TEMPLATE (
          "video_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY),
      GST_STATIC_PAD_TEMPLATE (
          "audio_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY),
  };

  for (guint i = 0; i < G_N_ELEMENTS (pads); i++)
    gst_element_class_add_static_pad_template (klass, &pads[i]);
}

void
via_outlets_add_port_templates (GstElementClass *klass)
{
  static GstStaticPadTemplate pads[] = {
      GST_STATIC_PAD_TEMPLATE ("video_src_%u_%u", GST_PAD_SRC,
          GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY),
      GST_STATIC_PAD_TEMPLATE ("audio_src_%u_%u", GST_PAD_SRC,
          GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY),
  };

  for (guint i = 0; i < G_N_ELEMENTS (pads); i++)
    gst_element_class_add_static_pad_template (klass, &pads[i]);
}

/* --- life --- */

static ViaOutlets *
outlets_ref (ViaOutlets *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
outlets_finish (gpointer data)
{
  ViaOutlets *self = data;

  g_hash_table_unref (self->slots);
  g_ptr_array_unref (self->taps);
  g_mutex_clear (&self->lock);
  gst_object_unref (self->bin);
  via_loop_release (self->loop);
  g_free (self);
  via_app_release ();
}

static void
outlets_unref (gpointer data)
{
  ViaOutlets *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (via_loop_current () != NULL) /* a loop must not wait for via-app */
    via_app_post (outlets_finish, self, NULL);
  else
    outlets_finish (self);
}

static Tap *
tap_ref (Tap *tap)
{
  g_atomic_ref_count_inc (&tap->refs);
  return tap;
}

static void
tap_unref (gpointer data)
{
  Tap *tap = data;

  if (!g_atomic_ref_count_dec (&tap->refs))
    return;
  g_clear_pointer (&tap->pad, gst_object_unref);
  gst_object_unref (tap->outlet);
  via_codec_clear (&tap->track.codec);
  g_free (tap->track.name);
  g_free (tap->track.app_data);
  outlets_unref (tap->owner);
  g_free (tap);
}

/* --- pads; via-app, or who frees us --- */

static void
take_away (Tap *tap, gboolean is_told)
{
  ViaOutlets *self = tap->owner;
  gboolean is_shown;

  g_mutex_lock (&self->lock);
  tap->is_due = TRUE; /* whoever adds it now takes it away then */
  is_shown = tap->stage == TAP_SHOWN;
  if (is_shown || tap->stage == TAP_NEW)
    tap->stage = TAP_GONE;
  if (is_shown && !self->is_closed)
    g_ptr_array_remove (self->taps, tap);
  is_told = is_told && !self->is_closed;
  g_mutex_unlock (&self->lock);
  if (!is_shown)
    return;
  via_outlet_disconnect (tap->outlet);
  gst_element_set_locked_state (GST_ELEMENT (tap->outlet), TRUE);
  gst_element_set_state (GST_ELEMENT (tap->outlet), GST_STATE_NULL);
  if (!self->config.is_inside) {
    gst_pad_set_active (tap->pad, FALSE);
    gst_element_remove_pad (GST_ELEMENT (self->bin), tap->pad);
  }
  if (is_told && self->funcs.removed != NULL)
    self->funcs.removed (self->user, tap->pad, &tap->track);
  gst_bin_remove (self->bin, GST_ELEMENT (tap->outlet));
}

static gchar *
name_pad (const ViaOutlets *self, const Tap *tap, guint n)
{
  const gchar *kind = via_kind_name (tap->kind);

  return self->config.is_by_port
             ? g_strdup_printf ("%s_src_%u_%u", kind, tap->track.port, n)
             : g_strdup_printf ("%s_src_%u", kind, n);
}

static GstPad *
make_pad (ViaOutlets *self, Tap *tap)
{
  const gchar *const *names =
      self->config.is_by_port ? port_templates : templates;
  GstElement *bin = GST_ELEMENT (self->bin);
  g_autoptr (GstPad) target =
      gst_element_get_static_pad (GST_ELEMENT (tap->outlet), "src");
  GstPadTemplate *templ;
  GstPad *pad = NULL;

  if (self->config.is_inside)
    return g_steal_pointer (&target);
  templ = gst_element_get_pad_template (bin, names[tap->kind]);
  for (guint n = 0; pad == NULL; n++) {
    g_autofree gchar *name = name_pad (self, tap, n);
    g_autoptr (GstPad) taken = gst_element_get_static_pad (bin, name);

    if (taken == NULL)
      pad = gst_ghost_pad_new_from_template (name, target, templ);
  }
  gst_object_ref_sink (pad);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (bin, pad);
  return pad;
}

/* via-app. */
static void
run_show (gpointer data)
{
  Tap *tap = data;
  ViaOutlets *self = tap->owner;
  gboolean is_due;

  g_mutex_lock (&self->lock);
  is_due = !self->is_closed && tap->stage == TAP_NEW;
  if (is_due)
    tap->stage = TAP_ADDING;
  g_mutex_unlock (&self->lock);
  if (!is_due)
    return;
  gst_bin_add (self->bin, gst_object_ref (tap->outlet));
  gst_object_unref (tap->outlet);
  gst_element_sync_state_with_parent (GST_ELEMENT (tap->outlet));
  tap->pad = make_pad (self, tap);
  if (self->funcs.added != NULL)
    self->funcs.added (self->user, tap->pad, &tap->track);
  via_outlet_drop_unlinked (tap->outlet);
  g_mutex_lock (&self->lock);
  tap->stage = TAP_SHOWN;
  is_due = tap->is_due;
  g_mutex_unlock (&self->lock);
  if (is_due)
    take_away (tap, TRUE);
}

static void
run_take_away (gpointer data)
{
  take_away (data, TRUE);
}

/* --- what outlets say; any thread --- */

typedef struct
{
  gboolean is_detached, has_ended;
} TapNews;

/* A pad goes once its track is gone and EOS went out. */
static void
note (Tap *tap, TapNews news)
{
  ViaOutlets *self = tap->owner;
  gboolean was_due, is_due;

  g_mutex_lock (&self->lock);
  was_due = tap->is_detached && tap->has_ended;
  tap->is_detached |= news.is_detached;
  tap->has_ended |= news.has_ended;
  is_due = tap->is_detached && tap->has_ended;
  g_mutex_unlock (&self->lock);
  if (is_due && !was_due)
    via_app_post (run_take_away, tap_ref (tap), tap_unref);
}

static void
on_ended (gpointer user)
{
  note (user, (TapNews){.has_ended = TRUE});
}

/* Loop. */
static void
run_want_keyframe (gpointer data)
{
  Tap *tap = data;
  ViaOutlets *self = tap->owner;

  if (!self->has_left && tap->is_attached)
    via_member_want_keyframe (self->member, tap->kind, tap->slot);
}

static void
on_want_keyframe (gpointer user)
{
  Tap *tap = user;

  via_loop_post (tap->owner->loop, run_want_keyframe, tap_ref (tap), tap_unref);
}

static const ViaOutletFuncs outlet_funcs = {
    .want_keyframe = on_want_keyframe, .ended = on_ended};

/* --- what the room says; loop --- */

static gpointer
slot_key (ViaKind kind, guint slot)
{
  return GUINT_TO_POINTER ((slot << 1 | (kind == VIA_KIND_VIDEO)) + 1);
}

static void
on_detach (gpointer user, ViaKind kind, guint slot)
{
  ViaOutlets *self = user;
  Tap *tap = g_hash_table_lookup (self->slots, slot_key (kind, slot));

  if (tap == NULL)
    return;
  tap->is_attached = FALSE;
  if (g_atomic_int_get (&self->keeps)) {
    g_queue_push_tail (&self->kept[kind], tap_ref (tap));
    g_hash_table_remove (self->slots, slot_key (kind, slot));
    return;
  }
  note (tap, (TapNews){.is_detached = TRUE});
  via_outlet_eos (tap->outlet);
  g_hash_table_remove (self->slots, slot_key (kind, slot));
}

static Tap *
tap_new (ViaOutlets *self, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Tap *tap = g_new0 (Tap, 1);
  g_autofree gchar *stream_id = g_strdup_printf ("%s/%u/%s/%" G_GUINT64_FORMAT,
      GST_OBJECT_NAME (self->bin), track->port, via_kind_name (kind),
      track->id);
  ViaOutletConfig config = {.stream_id = stream_id,
      .group_id = self->group_id,
      .name = track->name,
      .app_data = track->app_data};

  g_atomic_ref_count_init (&tap->refs);
  tap->owner = outlets_ref (self);
  tap->kind = kind;
  tap->slot = slot;
  tap->track = *track;
  via_codec_copy (&tap->track.codec, &track->codec);
  tap->track.name = g_strdup (track->name);
  tap->track.app_data = g_strdup (track->app_data);
  tap->outlet =
      via_outlet_new (kind, &track->codec, &config, &outlet_funcs, tap);
  gst_object_ref_sink (tap->outlet);
  return tap;
}

/* Goes on at the pad of a track before. */
static gboolean
reuse (ViaOutlets *self, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Tap *tap = g_queue_pop_head (&self->kept[kind]);

  if (tap == NULL)
    return FALSE;
  tap->slot = slot;
  tap->is_attached = TRUE;
  via_outlet_set_codec (tap->outlet, &track->codec);
  via_outlet_set_app_data (tap->outlet, track->app_data);
  g_hash_table_insert (self->slots, slot_key (kind, slot), tap);
  run_want_keyframe (tap);
  return TRUE;
}

static void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  ViaOutlets *self = user;
  Tap *tap;

  on_detach (self, kind, slot);
  if (self->has_left || reuse (self, kind, slot, track))
    return;
  tap = tap_new (self, kind, slot, track);
  tap->is_attached = TRUE;
  g_hash_table_insert (self->slots, slot_key (kind, slot), tap);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->taps, tap_ref (tap));
  via_outlet_set_latency (tap->outlet, self->latency_ms);
  g_mutex_unlock (&self->lock);
  via_app_post (run_show, tap_ref (tap), tap_unref);
}

static void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  ViaOutlets *self = user;
  Tap *tap = g_hash_table_lookup (self->slots, slot_key (kind, slot));

  if (tap != NULL)
    via_outlet_push (tap->outlet, packets, n);
}

static void
on_eos (gpointer user, ViaKind kind, guint slot)
{
  ViaOutlets *self = user;
  Tap *tap = g_hash_table_lookup (self->slots, slot_key (kind, slot));

  if (tap != NULL && !g_atomic_int_get (&self->keeps))
    via_outlet_eos (tap->outlet);
}

static void
on_app_data (gpointer user, ViaKind kind, guint slot, const gchar *app_data)
{
  ViaOutlets *self = user;
  Tap *tap = g_hash_table_lookup (self->slots, slot_key (kind, slot));

  if (tap != NULL)
    via_outlet_set_app_data (tap->outlet, app_data);
}

static void
run_lost (gpointer data)
{
  ViaOutlets *self = data;
  gboolean is_told;

  g_mutex_lock (&self->lock);
  is_told = !self->is_closed;
  g_mutex_unlock (&self->lock);
  if (is_told && self->funcs.lost != NULL)
    self->funcs.lost (self->user);
}

static void
on_lost (gpointer user)
{
  /* Once more, so that nobody who leaves waits for the handler. */
  via_app_post (run_lost, outlets_ref (user), outlets_unref);
}

static const ViaMemberFuncs member_funcs = {.attach = on_attach,
    .detach = on_detach,
    .packets = on_packets,
    .eos = on_eos,
    .app_data = on_app_data,
    .lost = on_lost};

/* --- public --- */

ViaOutlets *
via_outlets_new (GstBin *bin, ViaExchange *exchange,
    const ViaOutletsConfig *config, const ViaOutletsFuncs *funcs, gpointer user,
    GError **error)
{
  const ViaMemberWho who = {.name = config->name, .app_data = config->app_data};
  ViaLoop *loop = via_loop_acquire ();
  ViaOutlets *self;

  if (loop == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "no descriptors are left to receive media with");
    return NULL;
  }
  via_app_acquire ();
  self = g_new0 (ViaOutlets, 1);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->bin = gst_object_ref (bin);
  self->config = *config;
  self->config.name = self->config.app_data = NULL;
  self->config.who = NULL;
  self->latency_ms = config->latency_ms;
  if (funcs != NULL)
    self->funcs = *funcs;
  self->user = user;
  self->loop = loop;
  self->group_id = gst_util_group_id_next ();
  self->slots = g_hash_table_new_full (NULL, NULL, NULL, tap_unref);
  self->taps = g_ptr_array_new_with_free_func (tap_unref);
  self->member = via_exchange_join_as (exchange, loop,
      config->who != NULL ? config->who : &who, &member_funcs, self, error);
  if (self->member == NULL) {
    outlets_unref (self);
    return NULL;
  }
  self->port = via_member_port (self->member);
  via_member_set_slots (self->member, VIA_KIND_VIDEO, config->n_video);
  via_member_set_slots (self->member, VIA_KIND_AUDIO, config->n_audio);
  return self;
}

/* Loop. */
static void
run_leave (gpointer data)
{
  ViaOutlets *self = data;

  self->has_left = TRUE;
  g_hash_table_remove_all (self->slots);
  for (guint i = 0; i < G_N_ELEMENTS (self->kept); i++)
    g_queue_clear_full (&self->kept[i], tap_unref);
}

void
via_outlets_free (ViaOutlets *self)
{
  g_autoptr (GPtrArray) taps = NULL;

  if (self == NULL)
    return;
  via_loop_call (self->loop, run_leave, self);
  via_member_leave (g_steal_pointer (&self->member));
  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  taps = g_steal_pointer (&self->taps);
  self->taps = g_ptr_array_new_with_free_func (tap_unref);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < taps->len; i++)
    take_away (g_ptr_array_index (taps, i), FALSE);
  outlets_unref (self);
}

static GPtrArray *
copy_taps (ViaOutlets *self)
{
  GPtrArray *taps = g_ptr_array_new_with_free_func (tap_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->taps->len; i++)
    g_ptr_array_add (taps, tap_ref (g_ptr_array_index (self->taps, i)));
  g_mutex_unlock (&self->lock);
  return taps;
}

void
via_outlets_eos (ViaOutlets *self)
{
  g_autoptr (GPtrArray) taps = copy_taps (self);

  for (guint i = 0; i < taps->len; i++)
    via_outlet_eos (((Tap *) g_ptr_array_index (taps, i))->outlet);
}

void
via_outlets_keep (ViaOutlets *self, gboolean is_kept)
{
  g_atomic_int_set (&self->keeps, is_kept);
}

void
via_outlets_set_latency (ViaOutlets *self, guint latency_ms)
{
  g_mutex_lock (&self->lock);
  self->latency_ms = latency_ms;
  for (guint i = 0; i < self->taps->len; i++)
    via_outlet_set_latency (
        ((Tap *) g_ptr_array_index (self->taps, i))->outlet, latency_ms);
  g_mutex_unlock (&self->lock);
}

guint
via_outlets_size (ViaOutlets *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->taps->len;
  g_mutex_unlock (&self->lock);
  return n;
}

void
via_outlets_set_slots (ViaOutlets *self, ViaKind kind, guint n)
{
  via_member_set_slots (self->member, kind, n);
}

ViaMember *
via_outlets_member (const ViaOutlets *self)
{
  return self->member;
}

guint
via_outlets_port (const ViaOutlets *self)
{
  return self->port;
}

GstStructure *
via_outlets_stats (ViaOutlets *self)
{
  GstStructure *stats =
      gst_structure_new ("via-outlets-stats", "version", G_TYPE_UINT, 1, NULL);
  g_autoptr (GPtrArray) taps = copy_taps (self);

  for (guint i = 0; i < taps->len; i++) {
    Tap *tap = g_ptr_array_index (taps, i);
    g_autoptr (GstStructure) one = NULL;
    gboolean is_shown;

    g_mutex_lock (&self->lock);
    is_shown = tap->stage == TAP_SHOWN;
    g_mutex_unlock (&self->lock);
    if (!is_shown)
      continue;
    one = via_outlet_stats (tap->outlet);
    gst_structure_set (stats,
        self->config.is_inside ? GST_OBJECT_NAME (tap->outlet)
                               : GST_OBJECT_NAME (tap->pad),
        GST_TYPE_STRUCTURE, one, NULL);
  }
  return stats;
}
