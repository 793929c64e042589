/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_common.c – what every element shares: app-data in its
 * messages, which app-data is taken, one EOS.
 */
#include "endpoints/common.h"

#include <string.h>

typedef struct
{
  GstElement *element;
  GstBus *bus;
  ViaCommon common;
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->element = gst_object_ref_sink (gst_bin_new ("anna"));
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
  via_common_init (&f->common, f->element);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  via_common_clear (&f->common);
  gst_element_set_bus (f->element, NULL);
  gst_object_unref (f->bus);
  gst_object_unref (f->element);
}

static guint
n_eos (Fixture *f)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (f->bus, GST_MESSAGE_EOS)) != NULL) {
    gst_message_unref (message);
    n++;
  }
  return n;
}

static void
test_common_message_says_whose_it_is (Fixture *f, gconstpointer unused)
{
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *structure;
  guint version = 0;

  via_common_set_app_data (&f->common, NULL, "guest 7 – Zoë");
  via_common_post (&f->common, f->element, gst_structure_new_empty ("x"));
  message = gst_bus_pop_filtered (f->bus, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (
      gst_structure_get_string (structure, "app-data"), ==, "guest 7 – Zoë");
  g_assert_cmpstr (gst_structure_get_string (structure, "element"), ==, "anna");
  g_assert_true (gst_structure_get_uint (structure, "version", &version));
  g_assert_cmpuint (version, ==, 1);
}

static void
test_common_app_data_that_breaks_a_rule_is_refused (
    Fixture *f, gconstpointer unused)
{
  g_autofree gchar *longest = g_strnfill (64 * 1024, 'a');
  g_autofree gchar *too_long = g_strnfill (64 * 1024 + 1, 'a');
  g_autofree gchar *kept = NULL, *taken = NULL;

  via_common_set_app_data (&f->common, NULL, "before");
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*not UTF-8*");
  via_common_set_app_data (&f->common, NULL, "\xff\xfe");
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*at most*");
  via_common_set_app_data (&f->common, NULL, too_long);
  g_test_assert_expected_messages ();
  kept = via_common_get_app_data (&f->common);
  g_assert_cmpstr (kept, ==, "before");

  via_common_set_app_data (&f->common, NULL, longest);
  taken = via_common_get_app_data (&f->common);
  g_assert_cmpuint (strlen (taken), ==, 64 * 1024);
}

static void
test_common_eos_is_posted_once_until_reset (Fixture *f, gconstpointer unused)
{
  via_eos_post (&f->common, f->element);
  via_eos_post (&f->common, f->element);
  g_assert_cmpuint (n_eos (f), ==, 1);
  via_eos_reset (&f->common);
  via_eos_post (&f->common, f->element);
  g_assert_cmpuint (n_eos (f), ==, 1);
}

static void
test_common_eos_of_a_child_stays_inside (Fixture *f, gconstpointer unused)
{
  GstElement *child = gst_bin_new ("child");
  GstMessage *message;

  gst_bin_add (GST_BIN (f->element), child);
  via_eos_handle_message (
      GST_BIN (f->element), gst_message_new_eos (GST_OBJECT (child)));
  g_assert_cmpuint (n_eos (f), ==, 0);
  via_eos_handle_message (
      GST_BIN (f->element), gst_message_new_element (GST_OBJECT (child),
                                gst_structure_new_empty ("x")));
  message = gst_bus_pop_filtered (f->bus, GST_MESSAGE_ANY);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ELEMENT);
  gst_message_unref (message);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/common/message", Fixture, NULL, set_up,
      test_common_message_says_whose_it_is, tear_down);
  g_test_add ("/common/app-data", Fixture, NULL, set_up,
      test_common_app_data_that_breaks_a_rule_is_refused, tear_down);
  g_test_add ("/common/eos", Fixture, NULL, set_up,
      test_common_eos_is_posted_once_until_reset, tear_down);
  g_test_add ("/common/child-eos", Fixture, NULL, set_up,
      test_common_eos_of_a_child_stays_inside, tear_down);
  return g_test_run ();
}
