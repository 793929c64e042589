/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/transcoder.c – a track in another codec: an outlet that gives it raw,
 * and an intake that encodes it. What fails in it is no failure of the
 * pipeline: its errors become warnings. Knows no rooms.
 */
#include "media/transcoder.h"

#include "media/caps.h"
#include "media/encoders.h"
#include "media/intake.h"
#include "media/missing.h"
#include "media/outlet.h"

struct _ViaTranscoder
{
  GstBin parent;
  /* immutable */
  ViaTranscoderFuncs funcs;
  gpointer user;
  ViaCodecId to;
  ViaOutlet *outlet; /* children, alive as long as self */
  ViaIntake *intake;
  gint has_failed; /* atomic */
};

G_DEFINE_FINAL_TYPE (ViaTranscoder, via_transcoder, GST_TYPE_BIN)

gboolean
via_transcoder_reads (ViaCodecId codec)
{
  ViaCapsInfo info;

  if (codec == VIA_CODEC_EVENT || codec == VIA_CODEC_AV1
      || !via_caps_find (codec, &info))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (info.decoders); i++)
    if (info.decoders[i] != NULL && via_media_have (info.decoders[i]))
      return TRUE;
  return FALSE;
}

/* H.265 is not made for a live viewer: an encoder of it takes a machine. */
gboolean
via_transcoder_makes (ViaCodecId codec)
{
  return codec != VIA_CODEC_H265 && via_encoder_is_there (codec);
}

/* --- what the two ends say --- */

static void
on_want_keyframe (gpointer user)
{
  ViaTranscoder *self = user;

  self->funcs.want_keyframe (self->user);
}

static void
on_packets (
    gpointer user, ViaIntake *intake, ViaPacket *const *packets, guint n)
{
  ViaTranscoder *self = user;

  self->funcs.packets (self->user, packets, n);
}

static void
on_eos (gpointer user, ViaIntake *intake)
{
  ViaTranscoder *self = user;

  self->funcs.eos (self->user);
}

static void
fail (ViaTranscoder *self, const gchar *text)
{
  if (g_atomic_int_compare_and_exchange (&self->has_failed, FALSE, TRUE))
    self->funcs.failed (self->user, text);
}

static void
handle_message (GstBin *bin, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, &debug);
    fail (VIA_TRANSCODER (bin), error->message);
    gst_message_unref (message);
    message = gst_message_new_warning (GST_OBJECT (bin), error, debug);
  } else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
    gst_message_unref (message);
    return;
  }
  GST_BIN_CLASS (via_transcoder_parent_class)->handle_message (bin, message);
}

/* --- any thread --- */

void
via_transcoder_push (ViaTranscoder *self, ViaPacket *const *packets, guint n)
{
  via_outlet_push (self->outlet, packets, n);
}

void
via_transcoder_eos (ViaTranscoder *self)
{
  via_outlet_eos (self->outlet);
}

void
via_transcoder_want_keyframe (ViaTranscoder *self)
{
  via_intake_want_keyframe (self->intake);
}

void
via_transcoder_disconnect (ViaTranscoder *self)
{
  via_outlet_disconnect (self->outlet);
  via_intake_disconnect (self->intake);
}

/* --- life --- */

static void
via_transcoder_class_init (ViaTranscoderClass *klass)
{
  GST_BIN_CLASS (klass)->handle_message = handle_message;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Transcoder of a track", "Filter/Network/WebRTC",
      "Makes a track's RTP packets RTP packets of another codec", "gst-via");
}

static void
via_transcoder_init (ViaTranscoder *self)
{
}

static void
add_intake (ViaTranscoder *self, ViaKind kind)
{
  static const ViaIntakeFuncs funcs = {.packets = on_packets, .eos = on_eos};
  ViaIntakeConfig config = {.timed = TRUE};

  config.audio = config.video = &self->to;
  config.n_audio = kind == VIA_KIND_AUDIO;
  config.n_video = kind == VIA_KIND_VIDEO;
  self->intake = via_intake_new (kind, &config, &funcs, self);
  gst_bin_add (GST_BIN (self), GST_ELEMENT (self->intake));
}

ViaTranscoder *
via_transcoder_new (const ViaCodec *from, ViaCodecId to,
    const ViaTranscoderFuncs *funcs, gpointer user)
{
  static const ViaOutletFuncs outlet_funcs = {
      .want_keyframe = on_want_keyframe};
  ViaTranscoder *self = g_object_new (VIA_TYPE_TRANSCODER, NULL);
  ViaKind kind = via_codec_kind (from->id);
  g_autoptr (GstCaps) raw = gst_caps_new_empty_simple (
      kind == VIA_KIND_VIDEO ? "video/x-raw" : "audio/x-raw");

  self->funcs = *funcs;
  self->user = user;
  self->to = to;
  self->outlet = via_outlet_new (kind, from, NULL, &outlet_funcs, self);
  gst_bin_add (GST_BIN (self), GST_ELEMENT (self->outlet));
  add_intake (self, kind);
  gst_element_link_filtered (
      GST_ELEMENT (self->outlet), GST_ELEMENT (self->intake), raw);
  return self;
}
