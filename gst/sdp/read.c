/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/read.c – cuts SDP into sections and lines, within bounds.
 * Pure; knows line types, not attributes (read_attr.c).
 * RFC 8866 §5, §9
 */
#include "sdp/read.h"

#include <string.h>

static void
fingerprint_clear (gpointer data)
{
  g_clear_pointer (&((ViaFingerprint *) data)->hash, g_free);
}

static void
section_init (ViaSdpSection *self)
{
  self->direction = -1;
  self->fingerprints = g_array_new (FALSE, TRUE, sizeof (ViaFingerprint));
  g_array_set_clear_func (self->fingerprints, fingerprint_clear);
  self->candidates = g_ptr_array_new_with_free_func (g_free);
}

static void
section_clear (ViaSdpSection *self)
{
  g_free (self->ufrag);
  if (self->pwd != NULL)
    explicit_bzero (self->pwd, strlen (self->pwd));
  g_free (self->pwd);
  g_array_unref (self->fingerprints);
  g_ptr_array_unref (self->candidates);
}

static void
codec_clear (gpointer data)
{
  ViaSdpCodec *self = data;

  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->fmtp, g_free);
}

static void
ext_clear (gpointer data)
{
  g_clear_pointer (&((ViaSdpExt *) data)->uri, g_free);
}

static void
source_clear (gpointer data)
{
  g_clear_pointer (&((ViaPlanSource *) data)->cname, g_free);
}

static ViaSdpMedia *
media_new (guint line)
{
  ViaSdpMedia *self = g_new0 (ViaSdpMedia, 1);

  self->line = line;
  self->kind = VIA_KIND_UNKNOWN;
  section_init (&self->section);
  self->codecs = g_array_new (FALSE, TRUE, sizeof (ViaSdpCodec));
  g_array_set_clear_func (self->codecs, codec_clear);
  self->exts = g_array_new (FALSE, TRUE, sizeof (ViaSdpExt));
  g_array_set_clear_func (self->exts, ext_clear);
  self->sources = g_array_new (FALSE, TRUE, sizeof (ViaPlanSource));
  g_array_set_clear_func (self->sources, source_clear);
  self->repairs = g_array_new (FALSE, TRUE, sizeof (guint32));
  self->rids = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static void
media_free (gpointer data)
{
  ViaSdpMedia *self = data;

  section_clear (&self->section);
  g_free (self->media);
  g_free (self->protocol);
  g_free (self->format);
  g_free (self->mid);
  g_free (self->msid_stream);
  g_free (self->msid_track);
  g_array_unref (self->codecs);
  g_array_unref (self->exts);
  g_array_unref (self->sources);
  g_array_unref (self->repairs);
  g_ptr_array_unref (self->rids);
  g_free (self);
}

static ViaSdp *
sdp_new (void)
{
  ViaSdp *self = g_new0 (ViaSdp, 1);

  section_init (&self->session);
  self->media = g_ptr_array_new_with_free_func (media_free);
  self->bundles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  return self;
}

void
via_sdp_free (ViaSdp *self)
{
  if (self == NULL)
    return;
  section_clear (&self->session);
  g_ptr_array_unref (self->media);
  g_ptr_array_unref (self->bundles);
  g_free (self);
}

gboolean
via_sdp_number (const gchar *text, guint64 max, guint64 *out)
{
  guint64 value = 0;

  if (*text == '\0' || strlen (text) > 19)
    return FALSE;
  for (; *text != '\0'; text++) {
    if (!g_ascii_isdigit (*text))
      return FALSE;
    value = value * 10 + (guint64) (*text - '0');
  }
  if (value > max)
    return FALSE;
  *out = value;
  return TRUE;
}

gint
via_sdp_bundle_of (const ViaSdp *self, const gchar *mid)
{
  for (guint i = 0; mid != NULL && i < self->bundles->len; i++)
    if (g_ptr_array_find_with_equal_func (
            g_ptr_array_index (self->bundles, i), mid, g_str_equal, NULL))
      return (gint) i;
  return -1;
}

static void
media_set_kind (ViaSdpMedia *self)
{
  static const gchar *const rtp[] = {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP",
      "TCP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP", NULL};
  static const gchar *const sctp[] = {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP", NULL};

  self->is_rtp = g_strv_contains (rtp, self->protocol);
  if (strcmp (self->media, "audio") == 0)
    self->kind = VIA_KIND_AUDIO;
  else if (strcmp (self->media, "video") == 0)
    self->kind = VIA_KIND_VIDEO;
  else if (strcmp (self->media, "application") == 0
           && (strcmp (self->protocol, "DTLS/SCTP") == 0
               || (g_strv_contains (sctp, self->protocol)
                   && strcmp (self->format, "webrtc-datachannel") == 0)))
    self->kind = VIA_KIND_DATA;
  if (self->kind == VIA_KIND_DATA) {
    self->sctp_port = 5000;         /* RFC 8841 §5.1 */
    self->max_message_size = 65536; /* RFC 8841 §6.1 */
  }
}

static const gchar *
media_add_format (ViaSdpMedia *self, const gchar *format, gint *code)
{
  ViaSdpCodec codec = {.id = VIA_CODEC_UNKNOWN, .apt = -1, .channels = 1};
  guint64 pt;

  if (self->codecs->len == VIA_SDP_MAX_CODECS)
    return "more than 64 formats in one m-line";
  if (!via_sdp_number (format, 127, &pt))
    return "a payload type is not 0 to 127";
  for (guint i = 0; i < self->codecs->len; i++)
    if (g_array_index (self->codecs, ViaSdpCodec, i).pt == pt) {
      *code = VIA_ERROR_REFUSED;
      return "a payload type is listed twice";
    }
  codec.pt = (guint8) pt;
  g_array_append_val (self->codecs, codec);
  return NULL;
}

/* "audio 9 UDP/TLS/RTP/SAVPF 111 0 8" */
static const gchar *
media_read (ViaSdpMedia *self, const gchar *value, gint *code)
{
  g_auto (GStrv) words = g_strsplit (value, " ", 0);
  guint n = g_strv_length (words);
  g_auto (GStrv) port = NULL;
  guint64 number;
  const gchar *why = NULL;

  if (n < 4)
    return "an m-line has less than four fields";
  for (guint i = 0; i < n; i++)
    if (*words[i] == '\0' || strlen (words[i]) > VIA_SDP_MAX_TOKEN)
      return "an m-line has an empty or over-long field";
  port = g_strsplit (words[1], "/", 3);
  if (!via_sdp_number (port[0], G_MAXUINT16, &number))
    return "the port of an m-line is not 0 to 65535";
  self->port = (guint16) number;
  if (port[1] != NULL && !via_sdp_number (port[1], 255, &number))
    return "the port count of an m-line is malformed";
  self->media = g_strdup (words[0]);
  self->protocol = g_strdup (words[2]);
  self->format = g_strdup (words[3]);
  media_set_kind (self);
  if (n - 3 > VIA_SDP_MAX_CODECS)
    return "more than 64 formats in one m-line";
  for (guint i = 3; self->is_rtp && i < n && why == NULL; i++)
    why = media_add_format (self, words[i], code);
  return why;
}

static const gchar *
sdp_media_line (ViaSdpCursor *at, const gchar *value, guint line)
{
  const gchar *why;

  if (at->media != NULL && (why = via_sdp_attr_finish (at->media)) != NULL)
    return why;
  if (at->sdp->media->len == VIA_SDP_MAX_MEDIA)
    return "more than 64 m-lines";
  at->media = media_new (line);
  at->section = &at->media->section;
  g_ptr_array_add (at->sdp->media, at->media);
  return media_read (at->media, value, &at->code);
}

static const gchar *
sdp_line (ViaSdpCursor *at, gchar *text, gsize len, guint line)
{
  gchar *colon;

  for (gsize i = 0; i < len; i++)
    if (g_ascii_iscntrl (text[i]) && text[i] != '\t')
      return "a control character";
  if (len < 2 || !g_ascii_islower (text[0]) || text[1] != '=')
    return "no \"x=\" line";
  if (line == 1)
    return strcmp (text, "v=0") == 0 ? NULL : "SDP begins with v=0";
  if (line == 2)
    return text[0] == 'o' ? NULL : "o= must follow v=";
  if (text[0] == 'v' || text[0] == 'o')
    return "v= or o= given twice";
  if (text[0] == 'm')
    return sdp_media_line (at, text + 2, line);
  if (text[0] != 'a')
    return NULL;
  colon = strchr (text, ':');
  if (colon != NULL)
    *colon = '\0';
  return via_sdp_attr_take (at, text + 2, colon != NULL ? colon + 1 : "");
}

static gboolean
sdp_fail (GError **error, gint code, guint line, const gchar *why)
{
  if (line > 0)
    g_set_error (error, VIA_ERROR, code, "SDP line %u: %s", line, why);
  else
    g_set_error (error, VIA_ERROR, code, "SDP: %s", why);
  return FALSE;
}

static gboolean
sdp_lines (ViaSdp *self, const gchar *text, gsize len, GError **error)
{
  ViaSdpCursor at = {self, NULL, &self->session, VIA_ERROR_SYNTAX};
  gchar buffer[VIA_SDP_MAX_LINE + 1];
  gboolean has_blank = FALSE;
  guint line = 0;

  while (len > 0) {
    const gchar *end = memchr (text, '\n', len);
    gsize n = end != NULL ? (gsize) (end - text) : len;
    gsize used = end != NULL ? n + 1 : n;
    const gchar *why = NULL;

    if (++line > VIA_SDP_MAX_LINES)
      return sdp_fail (error, at.code, line, "more than 2000 lines");
    if (n > 0 && text[n - 1] == '\r')
      n--;
    if (n > VIA_SDP_MAX_LINE)
      return sdp_fail (error, at.code, line, "a line over 4 KiB");
    memcpy (buffer, text, n);
    buffer[n] = '\0';
    if (n == 0)
      has_blank = TRUE;
    else if (has_blank)
      why = "text after an empty line";
    else
      why = sdp_line (&at, buffer, n, line);
    if (why != NULL)
      return sdp_fail (error, at.code, line, why);
    text += used;
    len -= used;
  }
  explicit_bzero (buffer, sizeof buffer);
  if (line < 2)
    return sdp_fail (error, VIA_ERROR_SYNTAX, 0, "no v= and o= lines");
  if (at.media != NULL) {
    const gchar *why = via_sdp_attr_finish (at.media);

    if (why != NULL)
      return sdp_fail (error, VIA_ERROR_SYNTAX, at.media->line, why);
  }
  return TRUE;
}

ViaSdp *
via_sdp_read (const gchar *text, gsize len, GError **error)
{
  g_autoptr (ViaSdp) self = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (len > VIA_SDP_MAX_BYTES)
    sdp_fail (error, VIA_ERROR_SYNTAX, 0, "over 128 KiB");
  else if (memchr (text, '\0', len) != NULL)
    sdp_fail (error, VIA_ERROR_SYNTAX, 0, "a NUL byte");
  else if (!g_utf8_validate (text, (gssize) len, NULL))
    sdp_fail (error, VIA_ERROR_SYNTAX, 0, "no UTF-8");
  else
    self = sdp_new ();
  if (self == NULL || !sdp_lines (self, text, len, error)
      || !via_sdp_check (self, error))
    return NULL;
  return g_steal_pointer (&self);
}
