/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/limits.c – how often one address may ask, and guess: a bucket and a
 * count of failures per address. Pure: no clock, bounded memory.
 * RFC 9725 §5 · RFC 6585 §4
 */
#include "http/limits.h"

#include <arpa/inet.h>
#include <string.h>

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
  GHashTable *entries; /* gchar* household → Entry* */
  Entry others;        /* of all addresses there is no room for */
};

/* --- who --- */

gchar *
via_limits_household (const gchar *address)
{
  static const guint8 mapped[12] = {[10] = 0xff, [11] = 0xff};
  g_autofree gchar *plain = g_strdup (address);
  gchar *scope = strchr (plain, '%');
  gchar text[INET6_ADDRSTRLEN + sizeof "/64"];
  guint8 ip[16];

  if (scope != NULL)
    *scope = '\0';
  if (inet_pton (AF_INET6, plain, ip) != 1)
    return g_strdup (address);
  if (memcmp (ip, mapped, sizeof mapped) == 0) {
    inet_ntop (AF_INET, ip + sizeof mapped, text, sizeof text);
    return g_strdup (text);
  }
  memset (ip + 8, 0, 8);
  inet_ntop (AF_INET6, ip, text, sizeof text);
  return g_strconcat (text, "/64", NULL);
}

gboolean
via_limits_is_same (const gchar *a, const gchar *b)
{
  g_autofree gchar *one = NULL, *other = NULL;

  if (a == NULL || b == NULL || strcmp (a, b) == 0)
    return g_strcmp0 (a, b) == 0;
  one = via_limits_household (a);
  other = via_limits_household (b);
  return strcmp (one, other) == 0;
}

/* --- how often --- */

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
  g_autofree gchar *who = via_limits_household (address);
  Entry *entry = g_hash_table_lookup (self->entries, who);
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
      g_hash_table_insert (self->entries, g_steal_pointer (&who), entry);
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
