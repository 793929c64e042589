/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/configvalue.c – a text of a file or of the environment as the value
 * of a property.
 */
#include "endpoints/configvalue.h"

static gboolean
read_boolean (const gchar *text, GValue *out)
{
  static const gchar *const yes[] = {"true", "yes", "on", "1", NULL};
  static const gchar *const no[] = {"false", "no", "off", "0", NULL};
  g_autofree gchar *lower = g_ascii_strdown (text, -1);
  gboolean is_yes = g_strv_contains (yes, lower);

  g_value_set_boolean (out, is_yes);
  return is_yes || g_strv_contains (no, lower);
}

static gboolean
read_enum (const gchar *text, GEnumClass *klass, GValue *out, gchar **out_rule)
{
  g_autofree gchar *lower = g_ascii_strdown (text, -1);
  GEnumValue *value = g_enum_get_value_by_nick (klass, lower);
  GString *nicks = g_string_new ("is none of");

  for (guint i = 0; i < klass->n_values; i++)
    g_string_append_printf (
        nicks, "%s %s", i > 0 ? "," : "", klass->values[i].value_nick);
  *out_rule = g_string_free (nicks, FALSE);
  if (value != NULL)
    g_value_set_enum (out, value->value);
  return value != NULL;
}

static gboolean
read_number (
    const gchar *text, gint64 min, gint64 max, gint64 *out, gchar **out_rule)
{
  *out_rule = g_strdup_printf (
      "is no number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
  return g_ascii_string_to_signed (text, 10, min, max, out, NULL);
}

gboolean
via_configvalue_read (
    GParamSpec *spec, const gchar *text, GValue *out, gchar **out_rule)
{
  gint64 number = 0;
  gboolean is_ok = TRUE;

  g_value_init (out, G_PARAM_SPEC_VALUE_TYPE (spec));
  if (*text == '\0') { /* as if it stood nowhere */
    g_param_value_set_default (spec, out);
  } else if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    *out_rule = g_strdup ("is neither true nor false");
    is_ok = read_boolean (text, out);
  } else if (G_IS_PARAM_SPEC_ENUM (spec)) {
    is_ok =
        read_enum (text, G_PARAM_SPEC_ENUM (spec)->enum_class, out, out_rule);
  } else if (G_IS_PARAM_SPEC_INT (spec)) {
    is_ok = read_number (text, G_PARAM_SPEC_INT (spec)->minimum,
        G_PARAM_SPEC_INT (spec)->maximum, &number, out_rule);
    g_value_set_int (out, (gint) number);
  } else if (G_IS_PARAM_SPEC_UINT (spec)) {
    is_ok = read_number (text, G_PARAM_SPEC_UINT (spec)->minimum,
        G_PARAM_SPEC_UINT (spec)->maximum, &number, out_rule);
    g_value_set_uint (out, (guint) number);
  } else {
    g_value_set_string (out, text);
  }
  return is_ok;
}
