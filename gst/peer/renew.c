/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/renew.c – a second DTLS association beside the first.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 8842 §5 · RFC 9143 §7 · RFC 6347 §4.2.8
 */
#include "peer/renew.h"

#include "dtls/guard.h"
#include "peer/state.h"

#define CLIENT_HELLO 1 /* RFC 5246 §7.4 */

/* The m-line the transport belongs to: the first that is not stopped. */
static const gchar *
tag_of (const ViaPlan *plan)
{
  for (guint i = 0; i < plan->media->len; i++)
    if (!via_plan_media (plan, i)->is_rejected)
      return via_plan_media (plan, i)->mid;
  return NULL;
}

void
via_renew_follow (ViaPeer *self, const ViaPlan *plan)
{
  if (!self->plan || self->state != VIA_PEER_CONNECTED
      || g_strcmp0 (tag_of (self->plan), tag_of (plan)) == 0)
    return;
  self->renewal.n_left = VIA_RENEW_TRIES;
  self->renewal.ends_at = VIA_TIME_NEVER; /* counted from the next _next on */
}

static gboolean
may_renew (const ViaPeer *self, ViaTime now)
{
  return self->state == VIA_PEER_CONNECTED && self->renewal.n_left > 0
         && now <= self->renewal.ends_at;
}

gboolean
via_renew_begin (ViaPeer *self, ViaTime now)
{
  if (self->next_dtls)
    return TRUE;
  if (!may_renew (self, now))
    return FALSE;
  self->renewal.n_left--;
  self->next_dtls = via_peer_dtls_new (self, self->plan, NULL);
  if (!self->next_dtls)
    return FALSE;
  via_dtls_start (self->next_dtls, now);
  self->renewal.silent_until = now + VIA_RENEW_SILENCE;
  self->has_new_path = TRUE;
  return TRUE;
}

static gboolean
is_hello (const guint8 *data, gsize len)
{
  ViaReader in;
  ViaDtlsRecord record;

  via_reader_init (&in, data, len);
  return via_dtls_record_read (&in, &record)
         && record.type == VIA_DTLS_HANDSHAKE && record.epoch == 0
         && record.body[0] == CLIENT_HELLO;
}

gboolean
via_renew_feed (ViaPeer *self, const guint8 *data, gsize len, ViaTime now)
{
  if (!self->next_dtls
      && !(via_peer_is_dtls_server (self->plan) && is_hello (data, len)
           && via_renew_begin (self, now)))
    return FALSE;
  if (data[0] == VIA_DTLS_HANDSHAKE) /* not close_notify once more */
    self->renewal.silent_until = VIA_TIME_NEVER;
  via_dtls_feed (self->next_dtls, data, len, now);
  return via_dtls_state (self->dtls) != VIA_DTLS_CONNECTED;
}

gboolean
via_renew_settle (ViaPeer *self)
{
  ViaDtlsState state =
      self->next_dtls ? via_dtls_state (self->next_dtls) : VIA_DTLS_NEW;
  ViaDtls *gone;

  if (state == VIA_DTLS_NEW || state == VIA_DTLS_CONNECTING)
    return FALSE;
  if (state != VIA_DTLS_CONNECTED
      && via_dtls_state (self->dtls) == VIA_DTLS_CONNECTED) {
    g_clear_pointer (&self->next_dtls, via_dtls_free); /* as if never begun */
    return FALSE;
  }
  self->renewal.n_left = 0;
  gone = self->dtls;
  self->dtls = g_steal_pointer (&self->next_dtls);
  via_dtls_free (gone);
  return TRUE;
}

ViaTime
via_renew_deadline (const ViaPeer *self)
{
  if (!self->next_dtls)
    return VIA_TIME_NEVER;
  return MIN (self->renewal.silent_until, via_dtls_deadline (self->next_dtls));
}

void
via_renew_expire (ViaPeer *self, ViaTime now)
{
  if (!self->next_dtls)
    return;
  if (now >= self->renewal.silent_until) {
    self->renewal.n_left = 0;
    g_clear_pointer (&self->next_dtls, via_dtls_free);
  } else if (now >= via_dtls_deadline (self->next_dtls)) {
    via_dtls_expire (self->next_dtls, now);
  }
}
