/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transcoders.c – what a room's tracks are made into for those who do
 * not take their codec: a transcoder in the room's element per track and codec,
 * while somebody takes it.
 */
#include "endpoints/transcoders.h"

#include "io/app.h"
#include "media/transcoder.h"

/* One track in one codec. */
typedef struct
{
  gatomicrefcount refs; /* news on its way holds one */
  /* immutable */
  GstBin *bin;     /* owned */
  ViaFeed *format; /* owned */
  ViaLoop *loop;
  ViaTranscoder *transcoder; /* owned */
  /* of the thread that begins and ends it; via-app between */
  GMutex lock;
  ViaMember *tap;      /* (nullable) under lock */
  gboolean has_failed; /* via-app: told already */
} Job;

/* All of one element. */
typedef struct
{
  GMutex lock;      /* guards `jobs`; never held while calling out */
  GHashTable *jobs; /* ViaFeed → Job */
} Jobs;

static G_DEFINE_QUARK (via - transcoders, transcoders)

    static void job_unref (gpointer data)
{
  Job *job = data;

  if (!g_atomic_ref_count_dec (&job->refs))
    return;
  gst_object_unref (job->transcoder);
  via_feed_unref (job->format);
  gst_object_unref (job->bin);
  g_mutex_clear (&job->lock);
  g_free (job);
}

static Job *
job_ref (Job *job)
{
  g_atomic_ref_count_inc (&job->refs);
  return job;
}

/* @why: (nullable) it failed. */
static void
tell (const Job *job, gboolean is_active, const gchar *why)
{
  const ViaTrackInfo *info = via_feed_info (job->format);
  const ViaCodec *from = via_feed_made_from (job->format);

  via_common_post (via_common_of (G_OBJECT (job->bin)), GST_ELEMENT (job->bin),
      gst_structure_new ("transcoding", "is-active", G_TYPE_BOOLEAN, is_active,
          "kind", G_TYPE_STRING, via_kind_name (info->kind), "from-codec",
          G_TYPE_STRING, via_codec_name (from->id), "to-codec", G_TYPE_STRING,
          via_codec_name (info->codec.id), "port", G_TYPE_UINT, info->port,
          "name", G_TYPE_STRING, info->name, "port-app-data", G_TYPE_STRING,
          info->app_data, "reason", G_TYPE_STRING, why, NULL));
}

/* --- from the track; the tap's loop --- */

static void
on_track (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  const Job *job = user;

  via_transcoder_push (job->transcoder, packets, n);
}

static void
on_track_eos (gpointer user, ViaKind kind, guint slot)
{
  const Job *job = user;

  via_transcoder_eos (job->transcoder);
}

static const ViaMemberFuncs tap_funcs = {
    .packets = on_track, .eos = on_track_eos};

/* --- from the transcoder --- */

static void
on_made (gpointer user, ViaPacket *const *packets, guint n)
{
  const Job *job = user;

  via_feed_push (job->format, packets, n);
}

static void
on_made_eos (gpointer user)
{
  const Job *job = user;

  via_feed_eos (job->format);
}

/* The tap's loop. */
static void
run_ask (gpointer data)
{
  via_member_want_keyframe (data, VIA_KIND_VIDEO, 0);
}

static void
member_unref (gpointer member)
{
  via_member_unref (member);
}

static void
on_want_keyframe (gpointer user)
{
  Job *job = user;

  g_mutex_lock (&job->lock);
  if (job->tap != NULL)
    via_loop_post (job->loop, run_ask, via_member_ref (job->tap), member_unref);
  g_mutex_unlock (&job->lock);
}

typedef struct
{
  Job *job;
  gchar *text;
} Failure;

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  job_unref (failure->job);
  g_free (failure->text);
  g_free (failure);
}

static void
run_failure (gpointer data)
{
  const Failure *failure = data;

  failure->job->has_failed = TRUE;
  tell (failure->job, FALSE, failure->text);
}

static void
on_failed (gpointer user, const gchar *text)
{
  Failure *failure = g_new0 (Failure, 1);

  failure->job = job_ref (user);
  failure->text = g_strdup (text);
  via_app_post (run_failure, failure, failure_free);
}

static const ViaTranscoderFuncs transcoder_funcs = {.packets = on_made,
    .eos = on_made_eos,
    .want_keyframe = on_want_keyframe,
    .failed = on_failed};

/* --- beginning and end --- */

/* NULL: the process has no descriptors left. */
static Job *
begin (GstBin *bin, ViaFeed *format)
{
  ViaLoop *loop = via_loop_acquire ();
  Job *job;

  if (loop == NULL)
    return NULL;
  job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&job->refs);
  g_mutex_init (&job->lock);
  job->bin = gst_object_ref (bin);
  job->format = via_feed_ref (format);
  job->loop = loop;
  job->transcoder = via_transcoder_new (via_feed_made_from (format),
      via_feed_info (format)->codec.id, &transcoder_funcs, job);
  gst_object_ref_sink (job->transcoder);
  gst_bin_add (bin, GST_ELEMENT (job->transcoder));
  gst_element_sync_state_with_parent (GST_ELEMENT (job->transcoder));
  g_mutex_lock (&job->lock);
  job->tap = via_feed_tap (format, loop, &tap_funcs, job);
  g_mutex_unlock (&job->lock);
  return job;
}

static void
end (Job *job)
{
  GstElement *element = GST_ELEMENT (job->transcoder);
  ViaMember *tap;

  g_mutex_lock (&job->lock);
  tap = g_steal_pointer (&job->tap);
  g_mutex_unlock (&job->lock);
  via_member_leave (tap);
  via_transcoder_disconnect (job->transcoder);
  gst_element_set_locked_state (element, TRUE);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_bin_remove (job->bin, element);
  via_loop_release (job->loop);
  if (!job->has_failed)
    tell (job, FALSE, NULL);
  job_unref (job);
}

/* --- what the room wants; via-app --- */

static Jobs *
jobs_of (gpointer object)
{
  return g_object_get_qdata (object, transcoders_quark ());
}

static void
start (GstBin *bin, ViaFeed *format)
{
  Jobs *self = jobs_of (bin);
  Job *job = begin (bin, format);

  if (job == NULL)
    return;
  tell (job, TRUE, NULL);
  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->jobs, format, job);
  g_mutex_unlock (&self->lock);
}

static void
on_wanted (gpointer object, ViaFeed *format, gboolean is_wanted)
{
  Jobs *self = jobs_of (object);
  Job *job = NULL;

  g_mutex_lock (&self->lock);
  g_hash_table_steal_extended (self->jobs, format, NULL, (gpointer *) &job);
  g_mutex_unlock (&self->lock);
  if (is_wanted && job == NULL) {
    start (object, format);
  } else if (job != NULL) {
    end (job);
  }
}

static void
on_wanted_keyframe (gpointer object, ViaFeed *format)
{
  Jobs *self = jobs_of (object);
  Job *job;

  g_mutex_lock (&self->lock);
  job = g_hash_table_lookup (self->jobs, format);
  if (job != NULL)
    job_ref (job);
  g_mutex_unlock (&self->lock);
  if (job == NULL)
    return;
  via_transcoder_want_keyframe (job->transcoder);
  job_unref (job);
}

/* --- life --- */

/* What can be read and made with what is installed: asked once a process. */
static const ViaTranscode *
find_abilities (void)
{
  static ViaCodecId from[VIA_N_CODECS], to[VIA_N_CODECS];
  static ViaTranscode transcode = {.from = from,
      .to = to,
      .wanted = on_wanted,
      .want_keyframe = on_wanted_keyframe};
  static gsize is_known;

  if (g_once_init_enter (&is_known)) {
    for (ViaCodecId id = 0; id < VIA_N_CODECS; id++) {
      if (via_transcoder_reads (id))
        from[transcode.n_from++] = id;
      if (via_transcoder_makes (id))
        to[transcode.n_to++] = id;
    }
    g_once_init_leave (&is_known, 1);
  }
  return &transcode;
}

static void
jobs_free (gpointer data)
{
  Jobs *self = data;

  g_hash_table_unref (self->jobs);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
via_transcoders_serve (GstBin *bin, ViaExchange *exchange)
{
  Jobs *self;

  if (jobs_of (bin) == NULL) {
    self = g_new0 (Jobs, 1);
    g_mutex_init (&self->lock);
    self->jobs = g_hash_table_new (NULL, NULL);
    g_object_set_qdata_full (
        G_OBJECT (bin), transcoders_quark (), self, jobs_free);
  }
  via_exchange_set_transcoder (exchange, G_OBJECT (bin), find_abilities ());
}

void
via_transcoders_clear (GstBin *bin)
{
  Jobs *self = jobs_of (bin);
  g_autoptr (GPtrArray) jobs = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer job;

  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &job)) {
    g_ptr_array_add (jobs, job);
    g_hash_table_iter_remove (&iter);
  }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < jobs->len; i++)
    end (jobs->pdata[i]);
}
