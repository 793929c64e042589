/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/tlsbridges.c – the bridges of one element and its children.
 */
#include "io/tlsbridges.h"

#include "io/app.h"

#include <glib-object.h>

typedef struct
{
  gatomicrefcount refs; /* queued notices hold one */
  void (*failed) (GObject *user, const gchar *server, const gchar *why);
  GMutex lock;   /* guards the next */
  GObject *user; /* NULL once closed */
} Teller;

typedef struct
{
  Teller *teller;
  gchar *server;
  ViaTlsBridge *bridge;
} Entry;

struct _ViaTlsBridges
{
  gatomicrefcount refs;
  Teller *teller;
  GMutex lock;         /* guards the next; held while a bridge is made */
  GHashTable *bridges; /* gchar* → Entry*; NULL once closed */
};

static void
teller_unref (Teller *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

typedef struct
{
  Teller *teller;
  gchar *server, *why;
} Notice;

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  teller_unref (notice->teller);
  g_free (notice->server);
  g_free (notice->why);
  g_free (notice);
}

/* via-app. */
static void
run_notice (gpointer data)
{
  Notice *notice = data;
  Teller *teller = notice->teller;
  GObject *user;

  g_mutex_lock (&teller->lock);
  user = teller->user != NULL ? g_object_ref (teller->user) : NULL;
  g_mutex_unlock (&teller->lock);
  if (user == NULL)
    return;
  teller->failed (user, notice->server, notice->why);
  g_object_unref (user);
}

/* via-tls. */
static void
on_failed (gpointer data, const gchar *why)
{
  const Entry *entry = data;
  Notice *notice = g_new (Notice, 1);

  g_atomic_ref_count_inc (&entry->teller->refs);
  *notice = (Notice){entry->teller, g_strdup (entry->server), g_strdup (why)};
  via_app_post (run_notice, notice, notice_free);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  via_tlsbridge_free (entry->bridge);
  teller_unref (entry->teller);
  g_free (entry->server);
  g_free (entry);
}

ViaTlsBridges *
via_tlsbridges_new (
    void (*failed) (GObject *user, const gchar *server, const gchar *why),
    GObject *user)
{
  ViaTlsBridges *self = g_new0 (ViaTlsBridges, 1);

  g_atomic_ref_count_init (&self->refs);
  self->teller = g_new0 (Teller, 1);
  g_atomic_ref_count_init (&self->teller->refs);
  g_mutex_init (&self->teller->lock);
  self->teller->failed = failed;
  self->teller->user = g_object_ref (user);
  g_mutex_init (&self->lock);
  self->bridges =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  return self;
}

ViaTlsBridges *
via_tlsbridges_ref (ViaTlsBridges *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_tlsbridges_close (ViaTlsBridges *self)
{
  GHashTable *bridges;
  GObject *user;

  g_mutex_lock (&self->lock);
  bridges = g_steal_pointer (&self->bridges);
  g_mutex_unlock (&self->lock);
  g_mutex_lock (&self->teller->lock);
  user = g_steal_pointer (&self->teller->user);
  g_mutex_unlock (&self->teller->lock);
  g_clear_pointer (&bridges, g_hash_table_unref);
  g_clear_object (&user);
}

void
via_tlsbridges_unref (ViaTlsBridges *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  via_tlsbridges_close (self);
  teller_unref (self->teller);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Call with self->lock held. NULL with error. */
static Entry *
add_locked (ViaTlsBridges *self, const gchar *key,
    const ViaTlsBridgeConfig *config, GError **error)
{
  Entry *entry;

  if (g_hash_table_size (self->bridges) >= VIA_TLSBRIDGES_MAX) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "TURN over TLS to more than %d servers", VIA_TLSBRIDGES_MAX);
    return NULL;
  }
  entry = g_new0 (Entry, 1);
  entry->server = g_strdup_printf (
      strchr (config->host, ':') != NULL ? "[%s]:%u/tls" : "%s:%u/tls",
      config->host, config->port);
  entry->teller = self->teller;
  g_atomic_ref_count_inc (&self->teller->refs);
  entry->bridge = via_tlsbridge_new (config, on_failed, entry, error);
  if (entry->bridge == NULL) {
    entry_free (entry);
    return NULL;
  }
  g_hash_table_insert (self->bridges, g_strdup (key), entry);
  return entry;
}

guint16
via_tlsbridges_port (
    ViaTlsBridges *self, const ViaTlsBridgeConfig *config, GError **error)
{
  g_autofree gchar *key =
      g_strdup_printf ("%s|%u|%d|%s", config->host, config->port,
          config->verify, config->ca_file != NULL ? config->ca_file : "");
  Entry *entry = NULL;
  guint16 port = 0;

  g_mutex_lock (&self->lock);
  if (self->bridges == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        "TURN over TLS: the element is going to state NULL");
  } else {
    entry = g_hash_table_lookup (self->bridges, key);
    if (entry == NULL)
      entry = add_locked (self, key, config, error);
    if (entry != NULL)
      port = via_tlsbridge_port (entry->bridge);
  }
  g_mutex_unlock (&self->lock);
  return port;
}
