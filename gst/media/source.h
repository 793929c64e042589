/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/source.h – a file read inside a bin: its streams, once or over and
 * over. Knows nothing of rooms; never decodes. Reading is held up only by
 * whoever takes the media.
 */
#pragma once

#include <gst/gst.h>
#include "base/kind.h"

G_BEGIN_DECLS

typedef struct _ViaSource ViaSource;

typedef struct
{
  /* A stream was found: where it is to go (transfer full), or NULL if it is
   * not wanted. The pad must be able to take data at once. */
  GstPad *(*stream) (gpointer user, ViaKind kind);
  /* All streams were shown. */
  void (*complete) (gpointer user);
} ViaSourceFuncs; /* on a streaming thread; none may block */

/* @path: a local file. @bin outlives the source. (transfer full) */
ViaSource *via_source_new (
    GstBin *bin, const gchar *path, const ViaSourceFuncs *funcs, gpointer user);
/* Once, when the bin's clock runs: media begins at the bin's running time of
 * a moment from now. FALSE: told on the bin. */
gboolean via_source_start (ViaSource *self);
/* TRUE: after the end the file begins again, running time going on. Any
 * thread. */
void via_source_set_loop (ViaSource *self, gboolean is_loop);
/* Nothing more is handed on, no EOS either. Any thread. */
void via_source_mute (ViaSource *self);
/* `stream` does not run after this. Any thread but a streaming thread. */
void via_source_close (ViaSource *self);
/* Stops the threads and takes the elements out of the bin. After _close, when
 * nothing that took media blocks any more. (transfer full) */
void via_source_free (ViaSource *self);

G_END_DECLS
