/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/sdpfrag.c – reads the outline of an offer and trickle fragments, line by
 * line. Pure text; copies what it keeps, never more than the input. RFC 8866 §5
 * · RFC 8840 §9 · RFC 8839 §5.4 · RFC 9725 §4.2
 */
#include "http/sdpfrag.h"

#include <string.h>

#define LINES_MAX 4096
#define MLINES_MAX 64
#define CANDIDATE_MAX 512 /* bytes */

static gboolean
refuse (GError **error, ViaErrorCode code, const gchar *text)
{
  g_set_error_literal (error, VIA_ERROR, code, text);
  return FALSE;
}

/* The value of "a=@name:…", else NULL. */
static const gchar *
attribute (const gchar *line, const gchar *name)
{
  gsize len = strlen (name);

  if (strncmp (line, "a=", 2) || strncmp (line + 2, name, len)
      || line[2 + len] != ':')
    return NULL;
  return line + 2 + len + 1;
}

/* NULL if @text has a NUL, is not UTF-8 or has a line that is not "x=…". */
static gchar **
split_lines (const gchar *text, gsize len)
{
  g_autofree gchar *copy = NULL;
  g_auto (GStrv) lines = NULL;

  if (len == 0 || !g_utf8_validate (text, len, NULL))
    return NULL;
  copy = g_strndup (text, len);
  lines = g_strsplit (copy, "\n", LINES_MAX);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_strchomp (lines[i]);
    if (lines[i][0] == '\0')
      continue;
    if (!g_ascii_isalpha (lines[i][0]) || lines[i][1] != '=')
      return NULL;
  }
  return g_steal_pointer (&lines);
}

static gboolean
length_is (const gchar *text, gsize min, gsize max)
{
  gsize len = text != NULL ? strlen (text) : 0;

  return len >= min && len <= max;
}

/* --- the offer --- */

typedef struct
{
  const gchar *ufrag, *pwd; /* the first seen: session's or BUNDLE tag's */
  gboolean has_fingerprint, has_setup; /* a bundle-only section has none */
  const gchar *kind; /* of the present m-line: the text after "m=" */
  gboolean is_publisher;
  gboolean session_idle, media_idle; /* not in the peer's direction */
  guint n_audio, n_video, n_useful;
} Reader;

static void
close_section (Reader *r)
{
  if (r->kind != NULL && !r->media_idle
      && (g_str_has_prefix (r->kind, "audio ")
          || g_str_has_prefix (r->kind, "video ")))
    r->n_useful++;
}

static void
read_mline (Reader *r, ViaOfferOutline *out, const gchar *value)
{
  close_section (r);
  r->kind = value;
  r->media_idle = r->session_idle;
  if (g_str_has_prefix (value, "audio "))
    r->n_audio++;
  else if (g_str_has_prefix (value, "video "))
    r->n_video++;
  g_ptr_array_add (out->mids, g_strdup (""));
}

static void
read_attribute (Reader *r, ViaOfferOutline *out, const gchar *line)
{
  gboolean *idle = r->kind != NULL ? &r->media_idle : &r->session_idle;
  const gchar *value;

  if ((value = attribute (line, "ice-ufrag")) != NULL) {
    if (r->ufrag == NULL)
      r->ufrag = value;
  } else if ((value = attribute (line, "ice-pwd")) != NULL) {
    if (r->pwd == NULL)
      r->pwd = value;
  } else if (attribute (line, "fingerprint") != NULL) {
    r->has_fingerprint = TRUE;
  } else if (attribute (line, "setup") != NULL) {
    r->has_setup = TRUE;
  } else if (!strcmp (line, "a=sendrecv")) {
    *idle = FALSE;
  } else if (!strcmp (line, "a=inactive")) {
    *idle = TRUE;
  } else if (!strcmp (line, "a=sendonly")) {
    *idle = !r->is_publisher;
  } else if (!strcmp (line, "a=recvonly")) {
    *idle = r->is_publisher;
  } else if ((value = attribute (line, "mid")) != NULL && r->kind != NULL) {
    g_free (out->mids->pdata[out->mids->len - 1]);
    out->mids->pdata[out->mids->len - 1] = g_strdup (value);
  }
}

static gboolean
check_offer (const Reader *r, const ViaOfferOutline *out, GError **error)
{
  if (out->mids->len == 0)
    return refuse (error, VIA_ERROR_SYNTAX, "The offer has no m= line");
  if (out->mids->len > MLINES_MAX)
    return refuse (error, VIA_ERROR_SYNTAX, "The offer has too many m= lines");
  if (!length_is (r->ufrag, 4, 256) || !length_is (r->pwd, 22, 256))
    return refuse (error, VIA_ERROR_SYNTAX,
        "The offer needs ice-ufrag (4 to 256 characters) and ice-pwd "
        "(22 to 256)");
  if (r->n_useful == 0)
    return refuse (error, VIA_ERROR_UNSUPPORTED,
        r->is_publisher
            ? "A publisher sends: offer audio or video as sendonly"
            : "A player receives: offer audio or video as recvonly");
  if (r->n_audio > 1 || r->n_video > 1)
    return refuse (error, VIA_ERROR_UNSUPPORTED,
        "At most one audio and one video m= line can be offered here");
  if (!r->has_fingerprint)
    return refuse (
        error, VIA_ERROR_SYNTAX, "The offer has no DTLS fingerprint");
  if (!r->has_setup)
    return refuse (error, VIA_ERROR_SYNTAX, "The offer has no a=setup");
  return TRUE;
}

/* NULL: no SDP. The lines must live as long as @r. (transfer full) */
static gchar **
read_lines (Reader *r, ViaOfferOutline *out, const gchar *sdp, gsize len)
{
  gchar **lines;

  if (len < 3 || strncmp (sdp, "v=0", 3)
      || (lines = split_lines (sdp, len)) == NULL)
    return NULL;
  out->mids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (g_str_has_prefix (lines[i], "m="))
      read_mline (r, out, lines[i] + 2);
    else if (lines[i][0] == 'a')
      read_attribute (r, out, lines[i]);
  }
  close_section (r);
  return lines;
}

gboolean
via_offer_outline_scan (ViaOfferOutline *out, const gchar *sdp, gsize len)
{
  g_auto (ViaOfferOutline) outline = {NULL, NULL};
  g_auto (GStrv) lines = NULL;
  Reader r = {0};

  lines = read_lines (&r, &outline, sdp, len);
  if (lines == NULL || outline.mids->len == 0 || outline.mids->len > MLINES_MAX)
    return FALSE;
  outline.ufrag = g_strdup (r.ufrag);
  *out = outline;
  outline = (ViaOfferOutline){NULL, NULL};
  return TRUE;
}

gboolean
via_offer_outline_read (ViaOfferOutline *out, gboolean is_publisher,
    const gchar *sdp, gsize len, GError **error)
{
  g_auto (ViaOfferOutline) outline = {NULL, NULL};
  g_auto (GStrv) lines = NULL;
  Reader r = {.is_publisher = is_publisher};

  lines = read_lines (&r, &outline, sdp, len);
  if (lines == NULL)
    return refuse (error, VIA_ERROR_SYNTAX, "The body is not an SDP offer");
  if (!check_offer (&r, &outline, error))
    return FALSE;
  outline.ufrag = g_strdup (r.ufrag);
  *out = outline;
  outline = (ViaOfferOutline){NULL, NULL};
  return TRUE;
}

void
via_offer_outline_clear (ViaOfferOutline *self)
{
  g_clear_pointer (&self->ufrag, g_free);
  g_clear_pointer (&self->mids, g_ptr_array_unref);
}

/* --- the fragment --- */

static void
clear_candidate (gpointer data)
{
  g_free (((ViaFragCandidate *) data)->text);
}

static guint
mline_of_mid (const ViaOfferOutline *offer, const gchar *mid)
{
  for (guint i = 0; i < offer->mids->len; i++) {
    if (!strcmp (g_ptr_array_index (offer->mids, i), mid))
      return i;
  }
  return 0;
}

static void
add_candidate (ViaSdpFrag *frag, guint mline, const gchar *text)
{
  ViaFragCandidate candidate = {mline, NULL};

  if (frag->candidates->len >= VIA_SDPFRAG_CANDIDATES_MAX
      || strlen (text) > CANDIDATE_MAX)
    return;
  candidate.text = g_strdup (text);
  g_array_append_val (frag->candidates, candidate);
}

static void
read_frag_line (ViaSdpFrag *frag, const ViaOfferOutline *offer,
    const gchar *line, guint *mline)
{
  const gchar *value;

  if ((value = attribute (line, "ice-ufrag")) != NULL) {
    if (frag->ufrag == NULL)
      frag->ufrag = g_strdup (value);
  } else if ((value = attribute (line, "ice-pwd")) != NULL) {
    if (frag->pwd == NULL)
      frag->pwd = g_strdup (value);
  } else if ((value = attribute (line, "mid")) != NULL) {
    *mline = mline_of_mid (offer, value);
  } else if (attribute (line, "candidate") != NULL) {
    add_candidate (frag, *mline, line + 2);
  }
}

gboolean
via_sdpfrag_read (ViaSdpFrag *out, const ViaOfferOutline *offer,
    const gchar *text, gsize len, GError **error)
{
  g_auto (ViaSdpFrag) frag = {NULL, NULL, NULL};
  g_auto (GStrv) lines = split_lines (text, len);
  gboolean is_end = FALSE;
  guint mline = 0;

  if (lines == NULL)
    return refuse (error, VIA_ERROR_SYNTAX, "The body is not an SDP fragment");
  frag.candidates = g_array_new (FALSE, FALSE, sizeof (ViaFragCandidate));
  g_array_set_clear_func (frag.candidates, clear_candidate);
  for (guint i = 0; lines[i] != NULL; i++) {
    read_frag_line (&frag, offer, lines[i], &mline);
    is_end |= !strcmp (lines[i], "a=end-of-candidates");
  }
  if (is_end)
    add_candidate (&frag, 0, "");
  if (frag.ufrag == NULL && frag.candidates->len == 0)
    return refuse (
        error, VIA_ERROR_SYNTAX, "The fragment has no ICE attribute");
  *out = frag;
  frag = (ViaSdpFrag){NULL, NULL, NULL};
  return TRUE;
}

void
via_sdpfrag_clear (ViaSdpFrag *self)
{
  g_clear_pointer (&self->ufrag, g_free);
  g_clear_pointer (&self->pwd, g_free);
  g_clear_pointer (&self->candidates, g_array_unref);
}
