/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/publisher.c – one request sink pad of an element: an intake inside
 * its bin, and the track it publishes into a room.
 */
#include "endpoints/publisher.h"

#include "media/caps.h"

#include <stdio.h>
#include <string.h>

struct _ViaPublisher
{
  /* immutable */
  GstBin *bin; /* not owned: it owns us */
  ViaIntake *intake;
  GstPad *pad;
  guint number;
  ViaPublisherFuncs funcs;
  gpointer user;
  /* any thread, under lock */
  GMutex lock;
  ViaMember *member;
  ViaFeed *feed;
  gboolean is_eos;
  ViaIntakeFlow told;
};

static const struct
{
  const gchar *name;
  ViaKind kind;
} templates[] = {
    {"sink_%u", VIA_KIND_UNKNOWN},
    {"audio_sink_%u", VIA_KIND_AUDIO},
    {"video_sink_%u", VIA_KIND_VIDEO},
};

void
via_publisher_add_templates (GstElementClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (templates); i++) {
    g_autoptr (GstCaps) caps = via_caps_template (templates[i].kind);

    gst_element_class_add_pad_template (
        klass, gst_pad_template_new (
                   templates[i].name, GST_PAD_SINK, GST_PAD_REQUEST, caps));
  }
}

/* --- the intake's callbacks; streaming thread --- */

static void
feed_want_keyframe (gpointer user)
{
  ViaPublisher *self = user;

  via_intake_want_keyframe (self->intake);
}

static const ViaFeedFuncs feed_funcs = {.want_keyframe = feed_want_keyframe};

/* Publishes what the intake makes now into @member, in place of the last. */
static void
republish (ViaPublisher *self, ViaMember *member)
{
  g_auto (ViaCodec) codec = {0};
  ViaFeed *feed = NULL, *old;

  if (member != NULL && via_intake_codec (self->intake, &codec)) {
    ViaTrackInfo info = {0};

    info.kind = via_codec_kind (codec.id);
    info.codec = codec;
    info.latency = via_intake_latency (self->intake);
    feed = via_member_publish (member, &info, &feed_funcs, self);
  }
  g_mutex_lock (&self->lock);
  self->member = member;
  old = self->feed;
  self->feed = feed;
  g_mutex_unlock (&self->lock);
  via_feed_close (old);
}

static void
on_codec (gpointer user, ViaIntake *intake, const ViaCodec *codec)
{
  ViaPublisher *self = user;
  ViaMember *member;

  g_mutex_lock (&self->lock);
  member = self->member;
  self->is_eos = FALSE;
  g_mutex_unlock (&self->lock);
  republish (self, member);
  if (self->funcs.changed != NULL)
    self->funcs.changed (self->user);
}

static void
on_packets (
    gpointer user, ViaIntake *intake, ViaPacket *const *packets, guint n)
{
  ViaPublisher *self = user;

  /* Held while pushing, so that nobody closes the feed meanwhile; a push never
   * blocks. */
  g_mutex_lock (&self->lock);
  if (self->feed != NULL)
    via_feed_push (self->feed, packets, n);
  g_mutex_unlock (&self->lock);
}

static void
on_eos (gpointer user, ViaIntake *intake)
{
  ViaPublisher *self = user;

  g_mutex_lock (&self->lock);
  self->is_eos = TRUE;
  if (self->feed != NULL)
    via_feed_eos (self->feed);
  g_mutex_unlock (&self->lock);
  if (self->funcs.eos != NULL)
    self->funcs.eos (self->user);
}

static void
on_flush (gpointer user, ViaIntake *intake)
{
  ViaPublisher *self = user;
  ViaMember *member;
  gboolean was_eos;

  g_mutex_lock (&self->lock);
  was_eos = self->is_eos;
  self->is_eos = FALSE;
  member = self->member;
  g_mutex_unlock (&self->lock);
  if (was_eos)
    republish (self, member); /* a track ends once */
  if (self->funcs.flush != NULL)
    self->funcs.flush (self->user);
}

static const ViaIntakeFuncs intake_funcs = {
    .codec = on_codec,
    .packets = on_packets,
    .eos = on_eos,
    .flush = on_flush,
};

/* --- life --- */

static const ViaCodecId audio_codecs[] = {
    VIA_CODEC_OPUS, VIA_CODEC_PCMU, VIA_CODEC_PCMA, VIA_CODEC_G722};
static const ViaCodecId video_codecs[] = {VIA_CODEC_VP8, VIA_CODEC_VP9,
    VIA_CODEC_H264, VIA_CODEC_H265, VIA_CODEC_AV1};

static const ViaIntakeConfig intake_config = {
    .audio = audio_codecs,
    .n_audio = G_N_ELEMENTS (audio_codecs),
    .video = video_codecs,
    .n_video = G_N_ELEMENTS (video_codecs),
    .sync = TRUE,
};

static ViaKind
template_kind (GstPadTemplate *templ)
{
  for (guint i = 0; i < G_N_ELEMENTS (templates); i++)
    if (strcmp (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), templates[i].name) == 0)
      return templates[i].kind;
  return VIA_KIND_UNKNOWN;
}

/* The requested name, or the first free one of the template. FALSE: taken. */
static gboolean
choose_name (GstBin *bin, GstPadTemplate *templ, const gchar *wanted,
    gchar **out_name, guint *out_number)
{
  const gchar *format = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);
  gsize prefix = strlen (format) - strlen ("%u");

  for (guint n = 0;; n++) {
    g_autofree gchar *name =
        wanted != NULL ? g_strdup (wanted)
                       : g_strdup_printf ("%.*s%u", (int) prefix, format, n);
    g_autoptr (GstPad) taken =
        gst_element_get_static_pad (GST_ELEMENT (bin), name);

    if (taken == NULL) {
      *out_number = (guint) g_ascii_strtoull (name + prefix, NULL, 10);
      *out_name = g_steal_pointer (&name);
      return TRUE;
    }
    if (wanted != NULL)
      return FALSE;
  }
}

ViaPublisher *
via_publisher_new (GstBin *bin, GstPadTemplate *templ, const gchar *name,
    const ViaPublisherFuncs *funcs, gpointer user)
{
  ViaPublisher *self;
  g_autofree gchar *pad_name = NULL;
  g_autoptr (GstPad) target = NULL;
  guint number;

  if (!choose_name (bin, templ, name, &pad_name, &number))
    return NULL;
  self = g_new0 (ViaPublisher, 1);
  g_mutex_init (&self->lock);
  self->bin = bin;
  self->number = number;
  self->funcs = *funcs;
  self->user = user;
  self->intake = via_intake_new (
      template_kind (templ), &intake_config, &intake_funcs, self);
  gst_object_ref_sink (self->intake);
  gst_bin_add (bin, GST_ELEMENT (self->intake));
  target = gst_element_get_static_pad (GST_ELEMENT (self->intake), "sink");
  self->pad = gst_ghost_pad_new_from_template (pad_name, target, templ);
  gst_object_ref_sink (self->pad);
  gst_pad_set_active (self->pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (bin), self->pad);
  gst_element_sync_state_with_parent (GST_ELEMENT (self->intake));
  return self;
}

void
via_publisher_free (ViaPublisher *self)
{
  if (self == NULL)
    return;
  via_intake_disconnect (self->intake);
  republish (self, NULL);
  /* First: upstream's thread may wait inside for the clock or for PLAYING, and
   * holds the pad's stream lock meanwhile. */
  gst_element_set_locked_state (GST_ELEMENT (self->intake), TRUE);
  gst_element_set_state (GST_ELEMENT (self->intake), GST_STATE_NULL);
  gst_pad_set_active (self->pad, FALSE);
  if (GST_OBJECT_PARENT (self->pad) != NULL)
    gst_element_remove_pad (GST_ELEMENT (self->bin), self->pad);
  if (GST_OBJECT_PARENT (self->intake) != NULL)
    gst_bin_remove (self->bin, GST_ELEMENT (self->intake));
  gst_object_unref (self->pad);
  gst_object_unref (self->intake);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
via_publisher_set_codecs (
    ViaPublisher *self, ViaKind kind, const ViaCodecId *codecs, guint n)
{
  via_intake_set_codecs (self->intake, kind, codecs, n);
}

void
via_publisher_set_mtu (ViaPublisher *self, guint mtu)
{
  via_intake_set_mtu (self->intake, mtu);
}

void
via_publisher_set_member (ViaPublisher *self, ViaMember *member)
{
  republish (self, member);
}

GstPad *
via_publisher_pad (const ViaPublisher *self)
{
  return self->pad;
}

guint
via_publisher_number (const ViaPublisher *self)
{
  return self->number;
}

ViaKind
via_publisher_kind (ViaPublisher *self)
{
  return via_intake_kind (self->intake);
}

gboolean
via_publisher_is_eos (ViaPublisher *self)
{
  gboolean is_eos;

  g_mutex_lock (&self->lock);
  is_eos = self->is_eos;
  g_mutex_unlock (&self->lock);
  return is_eos;
}

gboolean
via_publisher_take_flow (ViaPublisher *self, ViaIntakeFlow *out)
{
  gboolean is_new;

  if (!via_intake_flow (self->intake, out))
    return FALSE;
  g_mutex_lock (&self->lock);
  is_new = g_strcmp0 (out->from, self->told.from) != 0
           || g_strcmp0 (out->to, self->told.to) != 0
           || g_strcmp0 (out->mode, self->told.mode) != 0;
  self->told = *out; /* all static */
  g_mutex_unlock (&self->lock);
  return is_new;
}

void
via_publisher_reset (ViaPublisher *self)
{
  g_mutex_lock (&self->lock);
  self->is_eos = FALSE;
  g_mutex_unlock (&self->lock);
}
