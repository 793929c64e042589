/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/sdpfrag_trickle.c – trickle fragments made of a description, and put
 * into one. Pure text. RFC 8840 §9 · RFC 9725 §4.3
 */
#include "http/sdpfrag.h"

#include <string.h>

/* The value of the first line that begins with @name; NULL: none. */
static gchar *
first_value (gchar **lines, const gchar *name)
{
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], name))
      return g_strchomp (g_strdup (lines[i] + strlen (name)));
  return NULL;
}

static void
add_line (GString *out, const gchar *name, const gchar *value)
{
  if (value != NULL)
    g_string_append_printf (out, "%s%s\r\n", name, value);
}

gchar *
via_sdpfrag_trickle (
    const gchar *sdp, const gchar *const *candidates, gboolean is_end)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);
  static const gchar *const names[] = {
      "a=group:", "a=ice-ufrag:", "a=ice-pwd:", "m=", "a=mid:"};
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *value = first_value (lines, names[i]);

    add_line (out, names[i], value);
  }
  for (guint i = 0; candidates[i] != NULL; i++)
    add_line (out, "a=", candidates[i]);
  if (is_end)
    g_string_append (out, "a=end-of-candidates\r\n");
  return g_string_free (out, FALSE);
}

GStrv
via_sdpfrag_candidates (const gchar *sdp)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);
  g_autoptr (GStrvBuilder) out = g_strv_builder_new ();

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "a=candidate:"))
      g_strv_builder_add (out, g_strchomp (lines[i]) + strlen ("a="));
  return g_strv_builder_end (out);
}

/* TRUE: @line stands for the transport, and is replaced by @frag's. */
static gboolean
is_replaced (const gchar *line, const ViaSdpFrag *frag, GString *out)
{
  if (g_str_has_prefix (line, "a=ice-ufrag:"))
    add_line (out, "a=ice-ufrag:", frag->ufrag);
  else if (g_str_has_prefix (line, "a=ice-pwd:"))
    add_line (out, "a=ice-pwd:", frag->pwd);
  else
    return g_str_has_prefix (line, "a=candidate:")
           || g_str_has_prefix (line, "a=end-of-candidates");
  return TRUE;
}

static void
add_candidates (GString *out, const ViaSdpFrag *frag)
{
  for (guint i = 0; i < frag->candidates->len; i++) {
    const ViaFragCandidate *c =
        &g_array_index (frag->candidates, ViaFragCandidate, i);

    if (*c->text != '\0')
      add_line (out, "a=", c->text);
  }
  g_string_append (out, "a=end-of-candidates\r\n");
}

gchar *
via_sdpfrag_splice (const gchar *sdp, const gchar *text, GError **error)
{
  g_auto (ViaSdpFrag) frag = {0};
  g_auto (ViaOfferOutline) none = {0};
  g_auto (GStrv) lines = NULL;
  GString *out;
  guint n_media = 0;

  none.mids = g_ptr_array_new_with_free_func (g_free);
  if (!via_sdpfrag_read (&frag, &none, text, strlen (text), error))
    return NULL;
  if (frag.ufrag == NULL || frag.pwd == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SYNTAX,
        "the answer to an ICE restart has no ice-ufrag or no ice-pwd");
    return NULL;
  }
  lines = g_strsplit (sdp, "\n", -1);
  out = g_string_new (NULL);
  for (guint i = 0; lines[i] != NULL; i++) {
    const gchar *line = g_strchomp (lines[i]);

    if (g_str_has_prefix (line, "m=") && ++n_media == 2)
      add_candidates (out, &frag); /* the first one's, which bundles */
    if (*line != '\0' && !is_replaced (line, &frag, out))
      add_line (out, "", line);
  }
  if (n_media == 1)
    add_candidates (out, &frag);
  return g_string_free (out, FALSE);
}
