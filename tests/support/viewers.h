/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/viewers.h – who pushes numbered packets into a room, and who
 * takes them from it.
 */
#pragma once

#include "io/exchange.h"

typedef struct
{
  ViaLoop *loop;
  ViaMember *member;
  /* loop thread */
  guint n_attached, n_detached, n_packets, n_batches, n_eos, n_wrong_thread;
  guint16 next; /* the number the next packet must carry */
  guint n_out_of_order, n_packets_at_eos;
  gchar *from;
  /* via-app */
  gint n_lost;
} Viewer;

extern const ViaMemberFuncs viewer_funcs; /* user: a Viewer */
void viewer_attach (
    gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track);
void viewer_join (Viewer *self, ViaExchange *room, guint n_video);
/* Everything posted to the viewer so far has run. */
void viewer_settle (Viewer *self);
void viewer_leave (Viewer *self);

typedef struct
{
  ViaMember *member;
  ViaFeed *feed;
  guint16 next;
  gint n_keyframes, n_watched, n_unwatched;
} Source;

/* A VP8 track of "clip". */
void source_publish (Source *self, ViaExchange *room);
void source_push (Source *self, guint n); /* 8 at most, in one go */
void source_push_key (Source *self, gboolean is_key);
/* Until it was asked for so many key frames. */
void source_wait_wishes (Source *self, gint wanted);
void source_close (Source *self);
