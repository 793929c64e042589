/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recorderendpoint-private.h – what the files of recorderendpoint
 * share.
 */
#pragma once

#include "endpoints/recorderendpoint.h"

#include "endpoints/common.h"
#include "endpoints/enums.h"
#include "endpoints/outlets.h"
#include "endpoints/publishers.h"
#include "media/recording.h"

G_BEGIN_DECLS

struct _ViaRecorderEndpoint
{
  GstBin parent;
  ViaCommon common;
  ViaPublishers *publishers; /* the sink pads */
  ViaExchange *own;          /* the room of the sink pads; immutable */
  /* state changes only */
  ViaExchange *hub;       /* (nullable) NULL→READY sets it */
  ViaOutlets *outlets[2]; /* of the hub, of the own room; from READY on */

  GMutex lock; /* guards what follows; a leaf */
  GCond news;  /* a track came or ended */
  gchar *location;
  ViaRecorderContainer container;
  guint track_timeout_ms;
  ViaMember *member;       /* publishes the sink pads into the own room */
  ViaRecording *recording; /* (nullable) the last one, also when it is over */
  gboolean is_recording, is_playing, pads_ended;
  GPtrArray *tracks; /* ViaRecorderTrack, owned */
  guint n_own;       /* those of the own room */
};

/* class_init: the properties. */
void via_recorder_endpoint_install_props (GObjectClass *klass);
/* Before anything else is set. */
void via_recorder_endpoint_init_props (ViaRecorderEndpoint *self);

/* The one under way, or the last. (transfer full) (nullable) */
ViaRecording *via_recorder_endpoint_recording (ViaRecorderEndpoint *self);
/* Any thread, from READY→PAUSED to PAUSED→READY: what there is to tell is told
 * on via-app. */
void via_recorder_endpoint_news (ViaRecorderEndpoint *self);
/* Streaming thread: what is done with the media of the sink pads is told. */
void via_recorder_endpoint_tell_flows (ViaRecorderEndpoint *self);
/* Closes the file. @reason: static. */
void via_recorder_endpoint_finish (
    ViaRecorderEndpoint *self, const gchar *reason);
/* Closes the file; then says so, then EOS. */
void via_recorder_endpoint_end (ViaRecorderEndpoint *self);

G_END_DECLS
