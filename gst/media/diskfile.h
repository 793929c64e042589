/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/diskfile.h – a file that only ever holds whole pieces: what could not
 * be written to its end is cut off again. Knows nothing of what is in it.
 * Unbuffered: a piece outlives the process. One thread at a time.
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

typedef struct _ViaDiskFile ViaDiskFile;

/* Makes the file, or empties the one that is there. NULL with error: IO, or
 * REFUSED if it is no regular file or another recording is writing to it. */
ViaDiskFile *via_disk_file_new (const gchar *location, GError **error);
/* Closes it as it is. */
void via_disk_file_free (ViaDiskFile *self);
guint64 via_disk_file_size (const ViaDiskFile *self);
/* At the end. FALSE with error (IO): the file is as before. */
gboolean via_disk_file_append (
    ViaDiskFile *self, const GByteArray *bytes, GError **error);
/* Over what stands at @offset. */
gboolean via_disk_file_overwrite (
    ViaDiskFile *self, guint64 offset, const GByteArray *bytes, GError **error);
/* Some file systems tell only now that they had no room. Idempotent. */
gboolean via_disk_file_close (ViaDiskFile *self, GError **error);
/* TRUE: @error says that there is no room. */
gboolean via_disk_file_is_full (const ViaDiskFile *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaDiskFile, via_disk_file_free)
