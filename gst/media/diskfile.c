/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/diskfile.c – a file that only ever holds whole pieces: what could not
 * be written to its end is cut off again. Knows nothing of what is in it.
 */
#include "media/diskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct _ViaDiskFile
{
  gchar *location;
  int fd; /* -1: closed */
  guint64 size;
  gboolean is_full;
};

static gboolean
fail (ViaDiskFile *self, int code, GError **error)
{
  self->is_full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  g_set_error (error, VIA_ERROR, VIA_ERROR_IO, "location=%s: %s",
      self->location, g_strerror (code));
  return FALSE;
}

/* Two writers would tear each other's pieces, and a pipe cannot be corrected.
 */
static gboolean
claim (ViaDiskFile *self, GError **error)
{
  struct stat info;

  if (fstat (self->fd, &info) != 0)
    return fail (self, errno, error);
  if (!S_ISREG (info.st_mode))
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "location=%s is no regular file", self->location);
  else if (flock (self->fd, LOCK_EX | LOCK_NB) != 0)
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "location=%s is being written by another recording", self->location);
  else if (ftruncate (self->fd, 0) != 0)
    return fail (self, errno, error);
  else
    return TRUE;
  return FALSE;
}

ViaDiskFile *
via_disk_file_new (const gchar *location, GError **error)
{
  g_autoptr (ViaDiskFile) self = g_new0 (ViaDiskFile, 1);

  self->location = g_strdup (location);
  /* NONBLOCK: a pipe nobody reads is refused, not waited for. */
  self->fd = open (location, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (self->fd < 0) {
    fail (self, errno, error);
    return NULL;
  }
  return claim (self, error) ? g_steal_pointer (&self) : NULL;
}

void
via_disk_file_free (ViaDiskFile *self)
{
  if (self == NULL)
    return;
  via_disk_file_close (self, NULL);
  g_free (self->location);
  g_free (self);
}

guint64
via_disk_file_size (const ViaDiskFile *self)
{
  return self->size;
}

gboolean
via_disk_file_is_full (const ViaDiskFile *self)
{
  return self->is_full;
}

gboolean
via_disk_file_overwrite (
    ViaDiskFile *self, guint64 offset, const GByteArray *bytes, GError **error)
{
  gsize done = 0;

  while (done < bytes->len) {
    gssize n = pwrite (self->fd, bytes->data + done, bytes->len - done,
        (off_t) (offset + done));

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (self, n < 0 ? errno : ENOSPC, error);
    done += (gsize) n;
  }
  return TRUE;
}

gboolean
via_disk_file_append (
    ViaDiskFile *self, const GByteArray *bytes, GError **error)
{
  if (via_disk_file_overwrite (self, self->size, bytes, error)) {
    self->size += bytes->len;
    return TRUE;
  }
  /* The torn piece goes; if even that fails, its error is told already. */
  if (ftruncate (self->fd, (off_t) self->size) != 0)
    g_prefix_error (error, "a torn piece stays at its end: ");
  return FALSE;
}

gboolean
via_disk_file_close (ViaDiskFile *self, GError **error)
{
  int fd = self->fd;

  self->fd = -1;
  if (fd >= 0 && close (fd) != 0 && errno != EINTR)
    return fail (self, errno, error);
  return TRUE;
}
