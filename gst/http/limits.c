/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/limits.c – how often one address may ask, and guess: a bucket and a
 * count of failures per address. Pure: no clock, bounded memory.
 * RFC 9725 §5 · RFC 6585 §4
 */
#include "http/limits.h"

typedef struct
{
  gdouble left; /* requests it may make now */
  ViaTime at;   /* when that was true */
  guint failures;
  ViaTime failing_since;
} Entry;

struct _ViaLimits
{
  guint rate;
  GHashTable *entries; /* gchar* address → Entry* */
  Entry others;        /* of all addresses there is no room for */
};

ViaLimits *
via_limits_new (guint rate)
{
  ViaLimits *self = g_new0 (ViaLimits, 1);

  self->rate = rate;
  self->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
via_limits_free (ViaLimits *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_free (self);
}

guint
via_limits_count (const ViaLimits *self)
{
  return g_hash_table_size (self->entries);
}

static gdouble
burst (const ViaLimits *self)
{
  return (gdouble) self->rate * VIA_LIMITS_BURST_S;
}

static void
refresh (ViaLimits *self, Entry *entry, ViaTime now)
{
  entry->left = MIN (burst (self),
      entry->left + self->rate * (gdouble) (now - entry->at) / VIA_S);
  entry->at = now;
  if (now - entry->failing_since >= VIA_LIMITS_FAILURES_S * VIA_S)
    entry->failures = 0;
}

static gboolean
is_forgettable (gpointer key, gpointer value, gpointer user)
{
  gpointer *context = user;
  ViaLimits *self = context[0];
  Entry *entry = value;

  refresh (self, entry, *(ViaTime *) context[1]);
  return entry->failures == 0 && entry->left >= burst (self);
}

static Entry *
entry_of (ViaLimits *self, const gchar *address, ViaTime now)
{
  Entry *entry = g_hash_table_lookup (self->entries, address);
  gpointer context[] = {self, &now};

  if (entry == NULL) {
    if (g_hash_table_size (self->entries) >= VIA_LIMITS_ADDRESSES_MAX)
      g_hash_table_foreach_remove (self->entries, is_forgettable, context);
    if (g_hash_table_size (self->entries) >= VIA_LIMITS_ADDRESSES_MAX) {
      entry = &self->others;
    } else {
      entry = g_new0 (Entry, 1);
      entry->left = burst (self);
      entry->at = now;
      g_hash_table_insert (self->entries, g_strdup (address), entry);
    }
  }
  refresh (self, entry, now);
  return entry;
}

guint
via_limits_ask (ViaLimits *self, const gchar *address, ViaTime now)
{
  Entry *entry;

  if (self->rate == 0)
    return 0;
  entry = entry_of (self, address, now);
  if (entry->left < 1.)
    return 1 + (guint) ((1. - entry->left) / self->rate);
  entry->left -= 1.;
  return 0;
}

void
via_limits_failed (ViaLimits *self, const gchar *address, ViaTime now)
{
  Entry *entry = entry_of (self, address, now);

  if (entry->failures++ == 0)
    entry->failing_since = now;
}

guint
via_limits_guess (ViaLimits *self, const gchar *address, ViaTime now)
{
  Entry *entry = entry_of (self, address, now);
  ViaTime left = entry->failing_since + VIA_LIMITS_FAILURES_S * VIA_S - now;

  return entry->failures < VIA_LIMITS_FAILURES_MAX
             ? 0
             : (guint) ((left + VIA_S - 1) / VIA_S);
}
