/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_config.c – files and environment: which of them wins,
 * what elements make of it, what is said of what cannot be.
 */
#include <glib/gstdio.h>
#include <string.h>

#include <gst/gst.h>

#include "endpoints/config.h"

#define PASSWORD "canary-7Qx%40z"

/* --- a directory of its own --- */

static gchar *top; /* XDG_CONFIG_DIRS is top/system, XDG_CONFIG_HOME top/home */

static gchar *
path_of (const gchar *name)
{
  return g_build_filename (top, name, NULL);
}

static void
put (const gchar *name, const gchar *text)
{
  g_autofree gchar *path = path_of (name);
  g_autofree gchar *directory = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (directory, 0700);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
take_away (const gchar *name)
{
  g_autofree gchar *path = path_of (name);

  g_unlink (path);
}

static void
clear (void)
{
  static const gchar *const names[] = {
      "system/via/via.conf", "home/via/via.conf", "a.conf", "b.conf"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    take_away (names[i]);
  g_unsetenv (VIA_CONFIG_VARIABLE);
}

/* --- which wins --- */

typedef struct
{
  ViaConfigSources sources;
  GPtrArray *all;
} Loaded;

/* @named, @variable: (nullable) */
static void
loaded_open (Loaded *self, const gchar *named, const gchar *variable)
{
  const gchar *const files[] = {"system/via/via.conf", "home/via/via.conf"};

  memset (self, 0, sizeof *self);
  self->sources.files = g_new0 (gchar *, 3);
  for (guint i = 0; i < 2; i++)
    self->sources.files[i] = path_of (files[i]);
  self->sources.named = g_new0 (gchar *, 2);
  self->sources.named[0] = named != NULL ? path_of (named) : NULL;
  self->sources.environ = g_new0 (gchar *, 2);
  self->sources.environ[0] = g_strdup (variable);
  self->all = via_config_load (&self->sources);
}

static void
loaded_close (Loaded *self)
{
  g_ptr_array_unref (self->all);
  via_config_sources_clear (&self->sources);
}

/* What wins for @property of @element; @origin: its end. */
static void
expect (Loaded *self, const gchar *element, const gchar *property,
    const gchar *value, const gchar *origin)
{
  g_autoptr (GPtrArray) found = via_config_find (self->all, element, property);
  const ViaConfigItem *item;

  if (value == NULL) {
    g_assert_cmpuint (found->len, ==, 0);
    return;
  }
  g_assert_cmpuint (found->len, >, 0);
  item = g_ptr_array_index (found, found->len - 1);
  g_assert_cmpstr (item->value, ==, value);
  g_assert_true (g_str_has_suffix (item->origin, origin));
}

static void
expect_fault (Loaded *self, const gchar *origin, const gchar *part)
{
  gboolean is_found = FALSE;

  for (guint i = 0; i < self->all->len; i++) {
    const ViaConfigItem *item = g_ptr_array_index (self->all, i);

    is_found |= item->property == NULL
                && g_str_has_suffix (item->origin, origin)
                && strstr (item->value, part) != NULL;
  }
  g_assert_true (is_found);
}

static void
test_each_layer_wins_over_the_one_below (void)
{
  Loaded l;

  put ("system/via/via.conf", "[common]\nstun-server=s\nmin-port=1\n"
                              "max-port=1\nlatency=1\n");
  put (
      "home/via/via.conf", "[common]\nstun-server=h\nmin-port=2\nmax-port=2\n");
  put ("a.conf", "[common]\nstun-server=n\nmin-port=3\n");
  loaded_open (&l, "a.conf", "VIA_STUN_SERVER=e");
  expect (&l, "webrtcendpoint", "latency", "1", "system/via/via.conf:5");
  expect (&l, "webrtcendpoint", "max-port", "2", "home/via/via.conf:4");
  expect (&l, "webrtcendpoint", "min-port", "3", "a.conf:3");
  expect (
      &l, "webrtcendpoint", "stun-server", "e", "environment VIA_STUN_SERVER");
  expect (&l, "webrtcendpoint", "turn-url", NULL, NULL);
  loaded_close (&l);
  clear ();
}

static void
test_own_group_wins_over_common_in_a_file_only (void)
{
  Loaded l;

  put ("system/via/via.conf", "[webrtcserver]\nlatency=2\nmin-port=2\n"
                              "[common]\nlatency=1\nmin-port=1\n");
  put ("home/via/via.conf", "[common]\nmin-port=9\n");
  loaded_open (&l, NULL, NULL);
  expect (&l, "webrtcserver", "latency", "2", "system/via/via.conf:2");
  expect (&l, "webrtcendpoint", "latency", "1", "system/via/via.conf:5");
  expect (&l, "webrtcserver", "min-port", "9", "home/via/via.conf:2");
  loaded_close (&l);
  clear ();
}

static void
test_no_file_is_no_fault_but_a_named_one_is (void)
{
  Loaded l;

  loaded_open (&l, NULL, "HOME=/nowhere");
  g_assert_cmpuint (l.all->len, ==, 0);
  loaded_close (&l);
  loaded_open (&l, "none.conf", NULL);
  g_assert_cmpuint (l.all->len, ==, 1);
  expect_fault (&l, "none.conf", "No such file");
  loaded_close (&l);
}

/* --- Kurento's files --- */

static const gchar kurento[] =
    ";; List of network interfaces for ICE gathering.\n"
    "networkInterfaces=eth0\n"
    "stunServerAddress=198.51.100.1\n"
    "stunServerPort=3479\n"
    "turnURL=myuser:" PASSWORD "@198.51.100.2:3478?transport=tcp\n"
    "pemCertificateRSA=/etc/kurento/cert+key-rsa.pem\n"
    ";pemCertificateECDSA=/etc/kurento/cert+key-ecdsa.pem\n"
    "externalIPv4=198.51.100.3\n"
    "externalIPv6=2001:db8::1\n"
    "iceTcp=1\n"
    "qos-dscp=AF41\n"
    "enable-h265=false\n"
    "minPort=40000\nmaxPort=40100\nmtu=1200\n"
    "surprise=1\n";

static void
test_kurento_files_are_read_as_they_are (void)
{
  Loaded l;

  put ("a.conf", kurento);
  loaded_open (&l, "a.conf", NULL);
  expect (&l, "webrtcendpoint", "network-interfaces", "eth0", ":2");
  expect (&l, "webrtcserver", "stun-server", "198.51.100.1:3479", ":3");
  expect (&l, "webrtcendpoint", "turn-url",
      "myuser:" PASSWORD "@198.51.100.2:3478?transport=tcp", ":5");
  expect (&l, "webrtcendpoint", "certificate", "/etc/kurento/cert+key-rsa.pem",
      ":6");
  expect (&l, "webrtcendpoint", "external-ipv4", "198.51.100.3", ":8");
  expect (&l, "webrtcendpoint", "external-ipv6", "2001:db8::1", ":9");
  expect (&l, "webrtcendpoint", "ice-tcp", "1", ":10");
  expect (&l, "webrtcendpoint", "qos-dscp", "34", ":11");
  expect (&l, "webrtcendpoint", "min-port", "40000", ":13");
  expect (&l, "webrtcendpoint", "max-port", "40100", ":14");
  expect (&l, "webrtcendpoint", "mtu", "1200", ":15");
  expect_fault (&l, ":12", "enable-h265");
  expect_fault (&l, ":16", "surprise");
  loaded_close (&l);
  clear ();
}

static void
test_kurento_code_points_have_names (void)
{
  static const struct
  {
    const gchar *name, *value;
  } rows[] = {{"AUDIO_HIGH", "46"}, {"VIDEO_MEDIUM", "36"}, {"CS7", "56"},
      {"AF11", "10"}, {"AF43", "38"}, {"NO_VALUE", "-1"}, {"LE", "1"},
      {"VOICEADMIT", "44"}, {"AF44", NULL}, {"CS8", NULL}, {"46", NULL}};

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *value = NULL;
    const gchar *why = NULL;

    g_assert_cmpstr (
        via_config_kurento ("qos-dscp", rows[i].name, NULL, &value, &why), ==,
        "qos-dscp");
    g_assert_cmpstr (value, ==, rows[i].value);
    g_assert_true ((value == NULL) == (why != NULL));
  }
}

/* --- elements --- */

static gchar *warned; /* all of it */

static void
on_log (
    const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
  gchar *all = g_strconcat (warned != NULL ? warned : "", text, "\n", NULL);

  g_free (warned);
  warned = all;
}

/* What is said meanwhile is in `warned`. (transfer full) */
static GstElement *
make (const gchar *factory)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  GLogFunc old = g_log_set_default_handler (on_log, NULL);
  GstElement *e;

  g_clear_pointer (&warned, g_free);
  e = gst_object_ref_sink (gst_element_factory_make (factory, NULL));
  g_log_set_default_handler (old, NULL);
  g_log_set_always_fatal (fatal);
  return e;
}

/* effective-config of @property: its value, and the end of its origin. */
static void
assert_holds (GstElement *e, const gchar *property, const gchar *value,
    const gchar *origin)
{
  g_autoptr (GstStructure) all = NULL;
  g_autoptr (GstStructure) one = NULL;

  g_object_get (e, "effective-config", &all, NULL);
  g_assert_true (gst_structure_has_name (all, "via-config"));
  g_assert_true (
      gst_structure_get (all, property, GST_TYPE_STRUCTURE, &one, NULL));
  g_assert_cmpstr (gst_structure_get_string (one, "value"), ==, value);
  g_assert_true (
      g_str_has_suffix (gst_structure_get_string (one, "origin"), origin));
}

static void
test_element_has_what_files_say_and_a_property_wins (void)
{
  g_autoptr (GstElement) e = NULL;
  g_autofree gchar *stun = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GstStructure) all = NULL;
  guint latency = 0;

  put ("system/via/via.conf",
      "[common]\nstun-server=stun.example.org\nlatency=300\n"
      "turn-url=u:" PASSWORD "@198.51.100.2\n"
      "[webrtcendpoint]\nice-transport-policy=RELAY\nmtu=1000\n");
  put ("home/via/via.conf", "[common]\nlatency=100\nice-tcp=yes\n");
  e = make ("webrtcendpoint");
  g_assert_null (warned);
  g_object_get (e, "stun-server", &stun, "latency", &latency, NULL);
  g_assert_cmpstr (stun, ==, "stun.example.org");
  g_assert_cmpuint (latency, ==, 100);
  assert_holds (e, "latency", "100", "home/via/via.conf:2");
  assert_holds (e, "ice-tcp", "true", "home/via/via.conf:3");
  assert_holds (e, "mtu", "1000", "system/via/via.conf:7");
  assert_holds (e, "ice-transport-policy", "relay", "via.conf:6");
  assert_holds (e, "turn-url", "u:***@198.51.100.2", "via.conf:4");
  assert_holds (e, "min-port", "0", "built-in");
  g_object_set (e, "latency", 50, "stun-server", NULL, NULL);
  assert_holds (e, "latency", "50", "property");
  assert_holds (e, "stun-server", NULL, "property");
  g_object_get (e, "effective-config", &all, NULL);
  text = gst_structure_to_string (all);
  g_assert_null (strstr (text, "canary"));
  clear ();
}

static void
test_server_and_others_have_their_groups (void)
{
  g_autoptr (GstElement) server = NULL;
  g_autoptr (GstElement) recorder = NULL;
  g_autoptr (GstElement) hub = NULL;
  g_autoptr (GstElement) endpoint = NULL;

  put ("home/via/via.conf", "[webrtcserver]\nport=8000\npage=publish\n"
                            "[recorderendpoint]\ntrack-timeout=5\n"
                            "[hub]\nlast-n=3\n");
  recorder = make ("recorderendpoint");
  assert_holds (recorder, "track-timeout", "5", "via.conf:5");
  hub = make ("hub");
  assert_holds (hub, "last-n", "3", "via.conf:7");
  endpoint = make ("webrtcendpoint");
  assert_holds (endpoint, "latency", "200", "built-in");
  if (gst_element_factory_find ("webrtcserver") != NULL) {
    server = make ("webrtcserver");
    assert_holds (server, "port", "8000", "via.conf:2");
    assert_holds (server, "page", "publish", "via.conf:3");
    assert_holds (server, "latency", "200", "built-in");
  }
  g_assert_null (warned);
  clear ();
}

static void
test_environment_has_the_propertys_name (void)
{
  g_autoptr (GstElement) e = NULL;
  g_autoptr (GstElement) later = NULL;
  g_autoptr (GstElement) broken = NULL;

  g_setenv ("VIA_EXTERNAL_IPV4", "203.0.113.7", TRUE);
  g_setenv ("VIA_MIN_PORT", "40000", TRUE);
  put ("home/via/via.conf", "[webrtcendpoint]\nmin-port=1\n");
  e = make ("webrtcendpoint");
  assert_holds (
      e, "external-ipv4", "203.0.113.7", "environment VIA_EXTERNAL_IPV4");
  assert_holds (e, "min-port", "40000", "environment VIA_MIN_PORT");
  g_setenv ("VIA_MIN_PORT", "", TRUE); /* as if it stood nowhere */
  later = make ("webrtcendpoint");
  assert_holds (later, "min-port", "0", "built-in");
  g_setenv ("VIA_CERTIFICATE", "canary\nkey", TRUE); /* PEM without its head */
  broken = make ("webrtcendpoint");
  g_assert_nonnull (strstr (warned, "certificate=*** refused"));
  g_assert_null (strstr (warned, "canary"));
  g_unsetenv ("VIA_CERTIFICATE");
  g_unsetenv ("VIA_EXTERNAL_IPV4");
  g_unsetenv ("VIA_MIN_PORT");
  clear ();
}

/* Each says where, what and which rule, once; what is below and beside it
 * holds. */
static void
test_bad_values_are_named_and_the_rest_holds (void)
{
  static const struct
  {
    const gchar *where, *what, *rule;
  } rows[] = {
      {"a.conf:2", "min-port=70000", "from 0 to 65535"},
      {"a.conf:3", "ice-tcp=perhaps", "neither true nor false"},
      {"a.conf:4", "dtls-role=x", "auto, active, passive"},
      {"a.conf:5", "external-ipv4=1.2.3", "IPv4"},
      {"a.conf:6", "turn-url=u:***@h:99999", "port"},
      {"a.conf:7", "audio-codecs=mp3", "no codec of that name"},
      {"a.conf:8", "neither", "KEY=VALUE"},
      {"a.conf:11", "location of [webrtcendpoint]", "cannot be set here"},
      {"a.conf:12", "nothing of [webrtcendpoint]", "cannot be set here"},
      {"a.conf:14", "port of [webrtcserver2]", "no such element"},
      {"a.conf:16", "prot of [common]", "cannot be set here"},
  };
  g_autofree gchar *named = path_of ("a.conf");
  g_autoptr (GstElement) e = NULL;
  g_autoptr (GstElement) again = NULL;
  g_auto (GStrv) lines = NULL;

  put ("home/via/via.conf", "[common]\nmin-port=4000\n");
  put ("a.conf",
      "[common]\nmin-port=70000\nice-tcp=perhaps\ndtls-role=x\n"
      "external-ipv4=1.2.3\nturn-url=u:" PASSWORD "@h:99999\n"
      "audio-codecs=mp3\nnonsense\nmax-port=5000\n"
      "[webrtcendpoint]\nlocation=x\nnothing=1\n[webrtcserver2]\nport=1\n[common]\nprot=1\ntrack-timeout=1\n");
  g_setenv (VIA_CONFIG_VARIABLE, named, TRUE);
  e = make ("webrtcendpoint");
  g_assert_nonnull (warned);
  g_assert_null (strstr (warned, "canary"));
  lines = g_strsplit (g_strchomp (warned), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, G_N_ELEMENTS (rows));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gboolean is_found = FALSE;

    for (guint k = 0; lines[k] != NULL; k++)
      is_found |= strstr (lines[k], rows[i].where) != NULL
                  && strstr (lines[k], rows[i].what) != NULL
                  && strstr (lines[k], rows[i].rule) != NULL;
    g_test_message ("%s %s", rows[i].where, rows[i].what);
    g_assert_true (is_found);
  }
  assert_holds (e, "min-port", "4000", "home/via/via.conf:2");
  assert_holds (e, "max-port", "5000", "a.conf:9");
  assert_holds (e, "turn-url", NULL, "built-in");
  again = make ("webrtcendpoint");
  g_assert_null (warned);
  assert_holds (again, "min-port", "4000", "home/via/via.conf:2");
  clear ();
}

/* Two of Kurento's at once, as they lie in /etc/kurento. */
static void
test_kurento_files_named_by_via_config_reach_the_element (void)
{
  g_autofree gchar *a = path_of ("a.conf");
  g_autofree gchar *b = path_of ("b.conf");
  g_autofree gchar *both = g_strconcat (a, ":", b, NULL);
  g_autoptr (GstElement) e = NULL;

  put ("a.conf", "; WebRtcEndpoint.conf.ini\nstunServerAddress=198.51.100.1\n"
                 "turnURL=u:" PASSWORD "@198.51.100.2:3478\niceTcp=1\n");
  put ("b.conf", "minPort=40000\nmaxPort=40100\nmtu=1200\n");
  g_setenv (VIA_CONFIG_VARIABLE, both, TRUE);
  e = make ("webrtcendpoint");
  g_assert_null (warned);
  assert_holds (e, "stun-server", "198.51.100.1:3478", "a.conf:2");
  assert_holds (e, "turn-url", "u:***@198.51.100.2:3478", "a.conf:3");
  assert_holds (e, "ice-tcp", "true", "a.conf:4");
  assert_holds (e, "max-port", "40100", "b.conf:2");
  assert_holds (e, "mtu", "1200", "b.conf:3");
  clear ();
}

/* A refusal of the user's own value stays a plain warning, and the origin. */
static void
test_refused_property_keeps_value_and_origin (void)
{
  g_autoptr (GstElement) e = NULL;
  GLogLevelFlags fatal;
  GLogFunc old;

  put ("home/via/via.conf", "[common]\nstun-server=stun.example.org\n");
  e = make ("webrtcendpoint");
  fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  old = g_log_set_default_handler (on_log, NULL);
  g_object_set (e, "stun-server", "turn:h", NULL);
  g_log_set_default_handler (old, NULL);
  g_log_set_always_fatal (fatal);
  g_assert_nonnull (strstr (warned, "stun-server refused"));
  assert_holds (e, "stun-server", "stun.example.org", "via.conf:2");
  clear ();
}

static void
remove_tree (void)
{
  static const gchar *const names[] = {
      "system/via", "system", "home/via", "home", "."};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = path_of (names[i]);

    g_rmdir (i + 1 < G_N_ELEMENTS (names) ? path : top);
  }
}

/* Themes of properties number theirs without knowing of one another. */
static void
test_properties_have_numbers_of_their_own (void)
{
  static const gchar *const elements[] = {"webrtcendpoint", "webrtcserver",
      "playerendpoint", "recorderendpoint", "hub", "dispatcher"};

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autoptr (GstElement) e =
        gst_object_ref_sink (gst_element_factory_make (elements[i], NULL));
    g_autoptr (GHashTable) names = g_hash_table_new (NULL, NULL);
    guint n;
    g_autofree GParamSpec **specs =
        g_object_class_list_properties (G_OBJECT_GET_CLASS (e), &n);

    for (guint k = 0; k < n; k++) {
      gpointer id = GUINT_TO_POINTER (specs[k]->param_id);

      if (specs[k]->owner_type != G_OBJECT_TYPE (e))
        continue;
      g_assert_cmpstr (g_hash_table_lookup (names, id), ==, NULL);
      g_hash_table_insert (names, id, (gpointer) specs[k]->name);
    }
    g_assert_cmpuint (g_hash_table_size (names), >, 0);
  }
}

int
main (int argc, char **argv)
{
  g_autofree gchar *system_dir = NULL;
  g_autofree gchar *home = NULL;
  gint result;

  top = g_dir_make_tmp ("via-config-XXXXXX", NULL);
  system_dir = path_of ("system");
  home = path_of ("home");
  g_setenv ("XDG_CONFIG_DIRS", system_dir, TRUE);
  g_setenv ("XDG_CONFIG_HOME", home, TRUE);
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/layers", test_each_layer_wins_over_the_one_below);
  g_test_add_func (
      "/config/groups", test_own_group_wins_over_common_in_a_file_only);
  g_test_add_func (
      "/config/missing", test_no_file_is_no_fault_but_a_named_one_is);
  g_test_add_func (
      "/config/kurento/keys", test_kurento_files_are_read_as_they_are);
  g_test_add_func ("/config/kurento/dscp", test_kurento_code_points_have_names);
  g_test_add_func ("/config/kurento/element",
      test_kurento_files_named_by_via_config_reach_the_element);
  g_test_add_func (
      "/config/element", test_element_has_what_files_say_and_a_property_wins);
  g_test_add_func ("/config/others", test_server_and_others_have_their_groups);
  g_test_add_func (
      "/config/environment", test_environment_has_the_propertys_name);
  g_test_add_func ("/config/bad", test_bad_values_are_named_and_the_rest_holds);
  g_test_add_func (
      "/config/numbers", test_properties_have_numbers_of_their_own);
  g_test_add_func (
      "/config/refused", test_refused_property_keeps_value_and_origin);
  result = g_test_run ();
  remove_tree ();
  g_free (top);
  g_free (warned);
  return result;
}
