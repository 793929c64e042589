/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/outpad.c – a source pad asked of a hub: what its port is given, as one
 * stream whoever it comes from. Knows no policy.
 * RFC 3550 §5.1 (one SSRC, one row of sequence numbers and timestamps)
 */
#include "hubs/outpad.h"

#include <string.h>

#include "media/outlet.h"
#include "rtp/rewrite.h"

struct _ViaOutPad
{
  gatomicrefcount refs;
  /* immutable */
  GstBin *bin; /* not owned: it owns us until _close */
  GstPad *pad;
  ViaOutlet *outlet;
  ViaKind kind;
  guint number;
  /* any thread */
  GMutex lock;       /* guards the next two; before a loop's mailbox */
  ViaMember *member; /* (nullable) not owned */
  ViaLoop *loop;
  struct
  {
    ViaRewrite rewrite;
    ViaPicidRow picids;
    ViaCodec codec; /* of what is pushed */
    gint pt;        /* of the codec; -1: the next packet tells */
  } stream;         /* the taker's loop */
};

/* The stream's beginning, as if it had gone on for a while. */
#define FIRST_SEQ 1
#define FIRST_TIMESTAMP 0
#define OUT_SSRC 1

/* --- key frames --- */

/* The taker's loop. */
static void
run_want_keyframe (gpointer member)
{
  via_member_want_keyframe (member, VIA_KIND_VIDEO, 0);
}

static void
member_unref (gpointer member)
{
  via_member_unref (member);
}

static void
on_want_keyframe (gpointer user)
{
  ViaOutPad *self = user;

  g_mutex_lock (&self->lock);
  if (self->member != NULL)
    via_loop_post (self->loop, run_want_keyframe, via_member_ref (self->member),
        member_unref);
  g_mutex_unlock (&self->lock);
}

void
via_out_pad_set_taker (ViaOutPad *self, ViaMember *member, ViaLoop *loop)
{
  g_mutex_lock (&self->lock);
  self->member = member;
  self->loop = loop;
  g_mutex_unlock (&self->lock);
}

/* --- media; the taker's loop --- */

static gboolean
is_same (const ViaCodec *a, const ViaCodec *b)
{
  return a->id == b->id && a->clock_rate == b->clock_rate
         && a->channels == b->channels && g_strcmp0 (a->fmtp, b->fmtp) == 0;
}

void
via_out_pad_attach (ViaOutPad *self, const ViaTrackInfo *track)
{
  via_rewrite_switch (&self->stream.rewrite, track->codec.clock_rate);
  via_outlet_set_publisher (self->outlet, track->name, track->app_data);
  /* Also of the same codec: what is there of an unfinished frame goes. */
  via_outlet_set_codec (self->outlet, &track->codec);
  if (is_same (&self->stream.codec, &track->codec))
    return;
  via_codec_clear (&self->stream.codec);
  via_codec_copy (&self->stream.codec, &track->codec);
  self->stream.pt = -1;
}

/* @packet in our own row of numbers. NULL: it came too late for one. */
static ViaPacket *
rewrite (ViaOutPad *self, const ViaPacket *packet)
{
  static const ViaRtpExts none = {0};
  guint8 data[VIA_PACKET_MAX];
  ViaRewritten to;
  ViaRtpHeader header = {.ssrc = OUT_SSRC, .osn = -1};
  ViaRtpView view;
  gsize len;

  if (!via_rtp_view (&view, packet->data, packet->len)
      || !via_rewrite_map (&self->stream.rewrite, &view, packet->captured,
          g_get_monotonic_time (), &to))
    return NULL;
  if (to.is_new_source)
    via_picid_switch (&self->stream.picids);
  if (self->stream.pt < 0)
    self->stream.pt = view.pt;
  header.seq = (guint16) to.seq;
  header.timestamp = to.timestamp;
  header.marker = view.marker;
  header.picids = via_picid_map (&self->stream.picids, self->stream.codec.id,
      view.payload, view.payload_len);
  header.pt = (guint8) self->stream.pt;
  len = via_rewrite_write (&header, &none, &view, data, sizeof data);
  return via_packet_new (data, len, packet->captured, packet->is_key);
}

void
via_out_pad_push (ViaOutPad *self, ViaPacket *const *packets, guint n)
{
  g_autoptr (GPtrArray) out =
      g_ptr_array_new_full (n, (GDestroyNotify) via_packet_unref);

  for (guint i = 0; i < n; i++) {
    ViaPacket *packet =
        packets[i]->is_event ? NULL : rewrite (self, packets[i]);

    if (packet != NULL)
      g_ptr_array_add (out, packet);
  }
  via_outlet_push (self->outlet, (ViaPacket *const *) out->pdata, out->len);
}

void
via_out_pad_set_app_data (ViaOutPad *self, const gchar *app_data)
{
  via_outlet_set_app_data (self->outlet, app_data);
}

/* --- any thread --- */

void
via_out_pad_eos (ViaOutPad *self)
{
  via_outlet_eos (self->outlet);
}

guint64
via_out_pad_overflow (const ViaOutPad *self)
{
  g_autoptr (GstStructure) stats = via_outlet_stats (self->outlet);
  guint64 n = 0;

  gst_structure_get_uint64 (stats, "overflow", &n);
  return n;
}

GstPad *
via_out_pad_pad (const ViaOutPad *self)
{
  return self->pad;
}

guint
via_out_pad_number (const ViaOutPad *self)
{
  return self->number;
}

ViaKind
via_out_pad_kind (const ViaOutPad *self)
{
  return self->kind;
}

/* --- life --- */

/* The lowest number of @format (`video_src_%u`) that is free. */
static gchar *
free_name (GstElement *bin, const gchar *format)
{
  const gsize prefix = strlen (format) - strlen ("%u");

  for (guint n = 0;; n++) {
    g_autofree gchar *name =
        g_strdup_printf ("%.*s%u", (int) prefix, format, n);
    g_autoptr (GstPad) taken = gst_element_get_static_pad (bin, name);

    if (taken == NULL)
      return g_steal_pointer (&name);
  }
}

static gboolean
is_taken (GstElement *bin, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (bin, name);

  return pad != NULL;
}

ViaOutPad *
via_out_pad_new (GstBin *bin, GstPadTemplate *templ, const gchar *wanted)
{
  static const ViaOutletFuncs funcs = {.want_keyframe = on_want_keyframe};
  static const ViaCodec unknown = {.id = VIA_CODEC_UNKNOWN};
  GstElement *element = GST_ELEMENT (bin);
  const gchar *format = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);
  g_autofree gchar *name = NULL, *stream_id = NULL;
  g_autoptr (GstPad) target = NULL;
  ViaOutletConfig config = {0};
  ViaOutPad *self;

  if (wanted != NULL && is_taken (element, wanted))
    return NULL;
  name = wanted != NULL ? g_strdup (wanted) : free_name (element, format);
  self = g_new0 (ViaOutPad, 1);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->bin = bin;
  self->kind = *format == 'v' ? VIA_KIND_VIDEO : VIA_KIND_AUDIO;
  self->number = (guint) g_ascii_strtoull (strrchr (name, '_') + 1, NULL, 10);
  self->stream.codec.id = VIA_CODEC_UNKNOWN;
  via_rewrite_init (&self->stream.rewrite, FIRST_SEQ, FIRST_TIMESTAMP);
  config.stream_id = stream_id =
      g_strdup_printf ("%s/%s", GST_OBJECT_NAME (bin), name);
  self->outlet = via_outlet_new (self->kind, &unknown, &config, &funcs, self);
  gst_object_ref_sink (self->outlet);
  gst_bin_add (bin, GST_ELEMENT (self->outlet));
  target = gst_element_get_static_pad (GST_ELEMENT (self->outlet), "src");
  self->pad = gst_ghost_pad_new_from_template (name, target, templ);
  gst_object_ref_sink (self->pad);
  gst_pad_set_active (self->pad, TRUE);
  gst_element_add_pad (element, self->pad);
  via_outlet_drop_unlinked (self->outlet);
  gst_element_sync_state_with_parent (GST_ELEMENT (self->outlet));
  return self;
}

ViaOutPad *
via_out_pad_ref (ViaOutPad *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_out_pad_unref (ViaOutPad *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_codec_clear (&self->stream.codec);
  gst_object_unref (self->pad);
  gst_object_unref (self->outlet);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
via_out_pad_close (ViaOutPad *self)
{
  via_outlet_disconnect (self->outlet);
  gst_element_set_locked_state (GST_ELEMENT (self->outlet), TRUE);
  gst_element_set_state (GST_ELEMENT (self->outlet), GST_STATE_NULL);
  gst_pad_set_active (self->pad, FALSE);
  if (GST_OBJECT_PARENT (self->pad) != NULL)
    gst_element_remove_pad (GST_ELEMENT (self->bin), self->pad);
  if (GST_OBJECT_PARENT (self->outlet) != NULL)
    gst_bin_remove (self->bin, GST_ELEMENT (self->outlet));
}
