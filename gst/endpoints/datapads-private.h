/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/datapads-private.h – what the files of the data pads share.
 */
#pragma once

#include "endpoints/datapads.h"

G_BEGIN_DECLS

typedef struct _ViaDataSource ViaDataSource;

struct _ViaDataPads
{
  /* immutable */
  GstBin *bin; /* not owned: it owns us */
  ViaDataPadsFuncs funcs;
  gpointer user;
  GMutex lock;         /* guards the next three; a leaf */
  GPtrArray *sinks;    /* ViaDataSink* */
  GHashTable *sources; /* number → ViaDataSource*, owned */
  GPtrArray *leaving;  /* ViaDataSource*, owned: others have their numbers */
};

/* datapads.c: the table no longer has it. */
void via_datapads_forget (
    ViaDataPads *self, ViaDataSource *source, guint number);

/* datapads_source.c */
ViaDataSource *via_data_source_new (
    ViaDataPads *pads, guint number, const gchar *label, const gchar *protocol);
ViaDataSource *via_data_source_ref (ViaDataSource *self);
void via_data_source_unref (ViaDataSource *self);
/* It has not ended, and is called so: the last call's channel left it. */
gboolean via_data_source_goes_on (
    ViaDataSource *self, const gchar *label, const gchar *protocol);
/* via-app adds the pad, once that of @before is gone, whose name it has.
 * @before: (nullable) */
void via_data_source_announce (ViaDataSource *self, ViaDataSource *before);
void via_data_source_push (
    ViaDataSource *self, gboolean is_text, GBytes *message);
/* EOS after what waits; @goes: then it is taken away. */
void via_data_source_end (ViaDataSource *self, gboolean goes);
/* Takes the pad away now. Not on its task. */
void via_data_source_remove (ViaDataSource *self);

G_END_DECLS
