/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/mediaprops.c – the properties that say what media is like (codecs,
 * latency): the same ones of webrtcendpoint and webrtcserver.
 * Set = validate and store under the lock.
 */
#include "endpoints/mediaprops.h"

#include <string.h>

#include <gst/gst.h>

#include "endpoints/configprops.h"
#include "media/encoders.h"

#define LATENCY_MS 200
#define LATENCY_MAX_MS 10000
#define MTU_MIN 256
#define MTU_MAX 1460 /* VIA_PACKET_MAX, less extensions */

enum
{
  PROP_AUDIO_CODECS = 0x200,
  PROP_VIDEO_CODECS,
  PROP_LATENCY,
  PROP_MTU,
};

static const gchar *const all[] = {
    [VIA_KIND_AUDIO] = "opus,PCMU,PCMA,G722,telephone-event",
    [VIA_KIND_VIDEO] = "VP8,VP9,H264,H265,AV1",
};

/* --- lists --- */

static gboolean
holds (const ViaCodecId *ids, guint n, ViaCodecId id)
{
  for (guint i = 0; i < n; i++)
    if (ids[i] == id)
      return TRUE;
  return FALSE;
}

/* NULL, or what is wrong with @name. */
static const gchar *
check_name (ViaKind kind, ViaCodecId id, const ViaCodecId *ids, guint n)
{
  if (id == VIA_CODEC_UNKNOWN)
    return "no codec of that name is known";
  if (via_codec_kind (id) != kind)
    return "it is of the other kind";
  return holds (ids, n, id) ? "it is there twice" : NULL;
}

/* FALSE: told. */
static gboolean
parse (ViaKind kind, const gchar *text, ViaMediapropsCodecs *out)
{
  g_auto (GStrv) names = g_strsplit (text, ",", VIA_N_CODECS + 1);
  ViaCodecId *ids = out->ids[kind];
  guint n = 0;

  for (guint i = 0; names[i] != NULL; i++) {
    const gchar *name = g_strstrip (names[i]);
    ViaCodecId id = via_codec_from_name (name);
    const gchar *why = check_name (kind, id, ids, n);

    if (why == NULL) {
      ids[n++] = id;
      continue;
    }
    via_configprops_refuse (
        "%s-codecs: \"%.32s\" refused, the old list stays: %s; "
        "one or more of %s, divided by commas",
        via_kind_name (kind), name, why, all[kind]);
    return FALSE;
  }
  out->n[kind] = n;
  if (n > 1 || ids[0] != VIA_CODEC_EVENT)
    return TRUE;
  via_configprops_refuse (
      "%s-codecs: \"%s\" refused, the old list stays: telephone-event "
      "goes beside another codec only",
      via_kind_name (kind), text);
  return FALSE;
}

static void
set_codecs (ViaMediaprops *self, ViaKind kind, const gchar *text)
{
  ViaMediapropsCodecs codecs = {0};

  if (!parse (kind, text != NULL && *text != '\0' ? text : all[kind], &codecs))
    return;
  g_mutex_lock (&self->lock);
  memcpy (self->codecs.ids[kind], codecs.ids[kind], sizeof codecs.ids[kind]);
  self->codecs.n[kind] = codecs.n[kind];
  g_mutex_unlock (&self->lock);
}

static gchar *
format (const ViaMediapropsCodecs *codecs, ViaKind kind)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < codecs->n[kind]; i++)
    g_string_append_printf (
        text, "%s%s", i > 0 ? "," : "", via_codec_name (codecs->ids[kind][i]));
  return g_string_free (text, FALSE);
}

/* --- public --- */

void
via_mediaprops_init (ViaMediaprops *self)
{
  g_mutex_init (&self->lock);
  self->latency_ms = LATENCY_MS;
  self->mtu = VIA_ENCODERS_MTU;
  set_codecs (self, VIA_KIND_AUDIO, NULL);
  set_codecs (self, VIA_KIND_VIDEO, NULL);
}

void
via_mediaprops_clear (ViaMediaprops *self)
{
  g_mutex_clear (&self->lock);
}

gboolean
via_mediaprops_set_property (ViaMediaprops *self, guint id, const GValue *value)
{
  switch (id) {
    case PROP_AUDIO_CODECS:
    case PROP_VIDEO_CODECS:
      set_codecs (self,
          id == PROP_AUDIO_CODECS ? VIA_KIND_AUDIO : VIA_KIND_VIDEO,
          g_value_get_string (value));
      return TRUE;
    case PROP_LATENCY:
      g_mutex_lock (&self->lock);
      self->latency_ms = g_value_get_uint (value);
      g_mutex_unlock (&self->lock);
      return TRUE;
    case PROP_MTU:
      g_mutex_lock (&self->lock);
      self->mtu = g_value_get_uint (value);
      g_mutex_unlock (&self->lock);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
via_mediaprops_get_property (ViaMediaprops *self, guint id, GValue *value)
{
  gboolean is_ours = TRUE;

  g_mutex_lock (&self->lock);
  switch (id) {
    case PROP_AUDIO_CODECS:
      g_value_take_string (value, format (&self->codecs, VIA_KIND_AUDIO));
      break;
    case PROP_VIDEO_CODECS:
      g_value_take_string (value, format (&self->codecs, VIA_KIND_VIDEO));
      break;
    case PROP_LATENCY:
      g_value_set_uint (value, self->latency_ms);
      break;
    case PROP_MTU:
      g_value_set_uint (value, self->mtu);
      break;
    default:
      is_ours = FALSE;
  }
  g_mutex_unlock (&self->lock);
  return is_ours;
}

void
via_mediaprops_codecs (ViaMediaprops *self, ViaMediapropsCodecs *out)
{
  g_mutex_lock (&self->lock);
  *out = self->codecs;
  g_mutex_unlock (&self->lock);
}

guint
via_mediaprops_latency (ViaMediaprops *self)
{
  guint latency_ms;

  g_mutex_lock (&self->lock);
  latency_ms = self->latency_ms;
  g_mutex_unlock (&self->lock);
  return MAX (latency_ms, 1);
}

guint
via_mediaprops_mtu (ViaMediaprops *self)
{
  guint mtu;

  g_mutex_lock (&self->lock);
  mtu = self->mtu;
  g_mutex_unlock (&self->lock);
  return mtu;
}

void
via_mediaprops_copy (ViaMediaprops *self, ViaMediaprops *from)
{
  ViaMediapropsCodecs codecs;
  guint latency_ms, mtu;

  g_mutex_lock (&from->lock);
  codecs = from->codecs;
  latency_ms = from->latency_ms;
  mtu = from->mtu;
  g_mutex_unlock (&from->lock);
  g_mutex_lock (&self->lock);
  self->codecs = codecs;
  self->latency_ms = latency_ms;
  self->mtu = mtu;
  g_mutex_unlock (&self->lock);
}

void
via_mediaprops_install_properties (GObjectClass *klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_AUDIO_CODECS,
      via_configprops_may_set (g_param_spec_string ("audio-codecs",
          "Audio codecs",
          "Codecs to agree on, preferred first: names divided by commas. Raw "
          "audio at a sink pad becomes the first; what comes encoded goes on "
          "as it is if it is in the list. NULL: all. Takes effect at the next "
          "negotiation (of a server: with its next peer), at a sink pad with "
          "its next caps; a bad list is refused and the old one stays",
          all[VIA_KIND_AUDIO], flags)));
  g_object_class_install_property (klass, PROP_VIDEO_CODECS,
      via_configprops_may_set (g_param_spec_string ("video-codecs",
          "Video codecs",
          "Codecs to agree on, preferred first: names divided by commas. Raw "
          "video at a sink pad becomes the first; what comes encoded goes on "
          "as it is if it is in the list. NULL: all. Takes effect at the next "
          "negotiation (of a server: with its next peer), at a sink pad with "
          "its next caps; a bad list is refused and the old one stays",
          all[VIA_KIND_VIDEO], flags)));
  g_object_class_install_property (klass, PROP_LATENCY,
      via_configprops_may_set (g_param_spec_uint ("latency", "Latency",
          "How long source pads wait for a packet that is missing, in ms. 0: "
          "not at all. Takes effect at once",
          0, LATENCY_MAX_MS, LATENCY_MS, flags)));
  g_object_class_install_property (klass, PROP_MTU,
      via_configprops_may_set (g_param_spec_uint ("mtu", "MTU",
          "Longest RTP packet, in bytes, that is made of raw or encoded media "
          "at a sink pad; header extensions (up to 24 bytes), SRTP (16), UDP, "
          "IP and TURN come on top. What comes as RTP is not cut anew. Takes "
          "effect at a sink pad with its next caps",
          MTU_MIN, MTU_MAX, VIA_ENCODERS_MTU, flags)));
}
