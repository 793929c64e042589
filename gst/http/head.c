/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/head.c – reads the head of a request before libsoup sees it: bytes up to
 * the empty line, looked at line by line, then given on in front of the rest.
 * RFC 9112 §2.2, §5.1, §5.2, §6
 */
#include "http/head.h"

#include <string.h>

#define CHUNK 4096

/* --- looking --- */

static gboolean
refuse (GError **error, const gchar *rule)
{
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SYNTAX, rule);
  return FALSE;
}

static gboolean
is_number (const gchar *value)
{
  gsize len = strlen (value);

  return len > 0 && len <= 18 && strspn (value, "0123456789") == len;
}

typedef struct
{
  guint n, n_host, n_length, n_encoding;
} Fields;

static gboolean
check_field (Fields *fields, gchar *line, GError **error)
{
  gchar *colon = strchr (line, ':');
  gchar *value;

  if (colon == NULL || colon == line
      || strcspn (line, " \t") < (gsize) (colon - line))
    return refuse (error, "A header field is no \"name: value\" in one line");
  *colon = '\0';
  value = g_strstrip (colon + 1);
  fields->n++;
  fields->n_host += !g_ascii_strcasecmp (line, "Host");
  fields->n_length += !g_ascii_strcasecmp (line, "Content-Length");
  fields->n_encoding += !g_ascii_strcasecmp (line, "Transfer-Encoding");
  if (!g_ascii_strcasecmp (line, "Content-Length") && !is_number (value))
    return refuse (error, "Content-Length is not a number");
  if (!g_ascii_strcasecmp (line, "Transfer-Encoding")
      && g_ascii_strcasecmp (value, "chunked"))
    return refuse (error, "The only Transfer-Encoding here is chunked");
  return TRUE;
}

static gboolean
check_fields (const Fields *fields, GError **error)
{
  if (fields->n > VIA_HEAD_FIELDS_MAX) {
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_LIMIT, "At most 64 headers and 16 KiB");
    return FALSE;
  }
  if (fields->n_host > 1 || fields->n_length + fields->n_encoding > 1)
    return refuse (error, "The request's framing is ambiguous");
  return TRUE;
}

gboolean
via_head_check (const gchar *text, gsize len, GError **error)
{
  g_autofree gchar *copy = g_strndup (text, len);
  g_auto (GStrv) lines = NULL;
  Fields fields = {0};

  if (memchr (text, '\0', len) != NULL)
    return refuse (error, "There is a NUL in the head");
  lines = g_strsplit (copy, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    gsize end = strlen (lines[i]);

    if (end > 0 && lines[i][end - 1] == '\r')
      lines[i][end - 1] = '\0';
    if (lines[i][0] == '\0')
      return i > 0 ? check_fields (&fields, error)
                   : refuse (error, "The first line is empty");
    if (i > 0 && !check_field (&fields, lines[i], error))
      return FALSE;
  }
  return refuse (error, "The head does not end");
}

/* Where the head ends, or 0. A first line that is empty ends it too: it is
 * refused then. */
static gsize
find_end (const gchar *text, gsize len)
{
  const gchar *line = text, *newline;

  while ((newline = memchr (line, '\n', text + len - line)) != NULL) {
    gsize n = newline - line;

    if (n == 0 || (n == 1 && line[0] == '\r'))
      return newline + 1 - text;
    line = newline + 1;
  }
  return 0;
}

/* --- a stream with the head in front --- */

#define HEAD_TYPE_INPUT (head_input_get_type ())
G_DECLARE_FINAL_TYPE (HeadInput, head_input, HEAD, INPUT, GFilterInputStream)
struct _HeadInput
{
  GFilterInputStream parent;
  GByteArray *head;
  gsize given;
  gsize allowed; /* bytes it still gives */
};

static void head_input_pollable_init (GPollableInputStreamInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (HeadInput, head_input,
    G_TYPE_FILTER_INPUT_STREAM,
    G_IMPLEMENT_INTERFACE (
        G_TYPE_POLLABLE_INPUT_STREAM, head_input_pollable_init))

static GInputStream *
base_of (gpointer self)
{
  return g_filter_input_stream_get_base_stream (self);
}

static gssize
give (HeadInput *self, void *out, gsize size)
{
  gsize n = MIN (size, self->head->len - self->given);

  if (n > 0)
    memcpy (out, self->head->data + self->given, n);
  self->given += n;
  return n;
}

static gboolean
check_allowed (HeadInput *self, gsize *size, GError **error)
{
  *size = MIN (*size, self->allowed);
  if (*size > 0)
    return TRUE;
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "It sent too much");
  return FALSE;
}

static gssize
head_input_read (GInputStream *stream, void *out, gsize size,
    GCancellable *cancellable, GError **error)
{
  HeadInput *self = HEAD_INPUT (stream);
  gssize n = give (self, out, size);

  if (n > 0)
    return n;
  if (!check_allowed (self, &size, error))
    return -1;
  n = g_input_stream_read (base_of (stream), out, size, cancellable, error);
  self->allowed -= (gsize) MAX (n, 0);
  return n;
}

static gssize
head_input_read_nonblocking (
    GPollableInputStream *stream, void *out, gsize size, GError **error)
{
  HeadInput *self = HEAD_INPUT (stream);
  gssize n = give (self, out, size);

  if (n > 0)
    return n;
  if (!check_allowed (self, &size, error))
    return -1;
  n = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (base_of (stream)), out, size, NULL, error);
  self->allowed -= (gsize) MAX (n, 0);
  return n;
}

static gboolean
head_input_is_readable (GPollableInputStream *stream)
{
  HeadInput *self = HEAD_INPUT (stream);

  return self->given < self->head->len
         || g_pollable_input_stream_is_readable (
             G_POLLABLE_INPUT_STREAM (base_of (stream)));
}

static GSource *
head_input_create_source (
    GPollableInputStream *stream, GCancellable *cancellable)
{
  HeadInput *self = HEAD_INPUT (stream);
  GSource *inner = self->given < self->head->len
                       ? g_timeout_source_new (0)
                       : g_pollable_input_stream_create_source (
                           G_POLLABLE_INPUT_STREAM (base_of (stream)), NULL);
  GSource *source = g_pollable_source_new_full (stream, inner, cancellable);

  g_source_unref (inner);
  return source;
}

static void
head_input_finalize (GObject *object)
{
  g_byte_array_unref (HEAD_INPUT (object)->head);
  G_OBJECT_CLASS (head_input_parent_class)->finalize (object);
}

static void
head_input_class_init (HeadInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = head_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = head_input_read;
}

static void
head_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = head_input_is_readable;
  iface->create_source = head_input_create_source;
  iface->read_nonblocking = head_input_read_nonblocking;
}

static void
head_input_init (HeadInput *self)
{
  self->allowed = G_MAXSSIZE;
}

#define HEAD_TYPE_STREAM (head_stream_get_type ())
G_DECLARE_FINAL_TYPE (HeadStream, head_stream, HEAD, STREAM, GIOStream)
struct _HeadStream
{
  GIOStream parent;
  GIOStream *base;
  GInputStream *input;
};

G_DEFINE_FINAL_TYPE (HeadStream, head_stream, G_TYPE_IO_STREAM)

static GInputStream *
head_stream_get_input (GIOStream *stream)
{
  return HEAD_STREAM (stream)->input;
}

static GOutputStream *
head_stream_get_output (GIOStream *stream)
{
  return g_io_stream_get_output_stream (HEAD_STREAM (stream)->base);
}

static gboolean
head_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (HEAD_STREAM (stream)->base, cancellable, error);
}

static void
on_base_closed (GObject *base, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (base), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* As @base does it: by itself GIOStream would close in a thread of a pool. */
static void
head_stream_close_async (GIOStream *stream, int priority,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user)
{
  GTask *task = g_task_new (stream, cancellable, callback, user);

  g_io_stream_close_async (
      HEAD_STREAM (stream)->base, priority, cancellable, on_base_closed, task);
}

static gboolean
head_stream_close_finish (
    GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
head_stream_finalize (GObject *object)
{
  HeadStream *self = HEAD_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->base);
  G_OBJECT_CLASS (head_stream_parent_class)->finalize (object);
}

static void
head_stream_class_init (HeadStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = head_stream_finalize;
  stream_class->get_input_stream = head_stream_get_input;
  stream_class->get_output_stream = head_stream_get_output;
  stream_class->close_fn = head_stream_close;
  stream_class->close_async = head_stream_close_async;
  stream_class->close_finish = head_stream_close_finish;
}

static void
head_stream_init (HeadStream *self)
{
}

static GIOStream *
stream_new (GIOStream *base, GByteArray *head)
{
  HeadStream *self = g_object_new (HEAD_TYPE_STREAM, NULL);
  HeadInput *input = g_object_new (HEAD_TYPE_INPUT, "base-stream",
      g_io_stream_get_input_stream (base), "close-base-stream", FALSE, NULL);

  input->head = g_byte_array_ref (head);
  self->base = g_object_ref (base);
  self->input = G_INPUT_STREAM (input);
  return G_IO_STREAM (self);
}

gsize
via_head_stream_allow (GIOStream *stream, gsize bytes)
{
  HeadInput *input = HEAD_INPUT (HEAD_STREAM (stream)->input);
  gsize left = input->allowed;

  input->allowed = bytes;
  return left;
}

/* --- reading --- */

typedef struct
{
  GByteArray *head;
  gsize *n_read;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_byte_array_unref (reading->head);
  g_free (reading);
}

static void read_more (GTask *task);

static void
on_read (GObject *object, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Reading *reading = g_task_get_task_data (task);
  GByteArray *head = reading->head;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);
  GError *error = NULL;
  gsize end;

  if (bytes == NULL || g_bytes_get_size (bytes) == 0) {
    g_task_return_new_error (
        task, VIA_ERROR, VIA_ERROR_IO, "It ended within the head");
    g_object_unref (task);
    return;
  }
  g_byte_array_append (
      head, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  *reading->n_read = head->len;
  end = find_end ((const gchar *) head->data, head->len);
  if (end == 0 && head->len <= VIA_HEAD_BYTES_MAX) {
    read_more (task);
    return;
  }
  if (end == 0 || end > VIA_HEAD_BYTES_MAX)
    g_task_return_new_error (
        task, VIA_ERROR, VIA_ERROR_LIMIT, "At most 64 headers and 16 KiB");
  else if (!via_head_check ((const gchar *) head->data, end, &error))
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task,
        stream_new (g_task_get_source_object (task), head), g_object_unref);
  g_object_unref (task);
}

static void
read_more (GTask *task)
{
  g_input_stream_read_bytes_async (
      g_io_stream_get_input_stream (g_task_get_source_object (task)), CHUNK,
      G_PRIORITY_DEFAULT, g_task_get_cancellable (task), on_read, task);
}

void
via_head_read_async (GIOStream *stream, GCancellable *cancellable,
    gsize *n_read, GAsyncReadyCallback callback, gpointer user)
{
  GTask *task = g_task_new (stream, cancellable, callback, user);
  Reading *reading = g_new0 (Reading, 1);

  reading->head = g_byte_array_new ();
  reading->n_read = n_read;
  g_task_set_task_data (task, reading, reading_free);
  g_task_set_check_cancellable (task, FALSE);
  read_more (task);
}

GIOStream *
via_head_read_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
