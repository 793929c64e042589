/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/litewire.c – a wire by ICE-lite over a port that many share.
 * What happens becomes events, handed on at the end of the turn or before the
 * next datagram; so no callback is made from inside a call.
 */
#include "io/litewire.h"

#include <string.h>

#include "ice/candidate.h"
#include "io/sockaddr.h"

#define RETRY_AFTER                                                            \
  (2 * VIA_MS) /* a full socket is shared: nobody waits on it */
#define UDP_TYPE_PREFERENCE 126u /* RFC 8445 §5.1.2.2 */
#define TCP_TYPE_PREFERENCE 90u
#define TCP_PASSIVE 4u /* RFC 6544 §4.2 */

typedef struct
{
  ViaWire parent;
  /* immutable */
  ViaLoop *loop;
  ViaLitePort *port;
  ViaIceFuncs funcs;
  gpointer user;
  gchar *external[2]; /* (nullable) IPv4, IPv6 */

  /* loop thread */
  ViaLite *lite;
  ViaLiteSeat *seat;
  GPtrArray *locals; /* texts, and NULL */
  gboolean is_gathered, owes_candidates, is_closed;
  ViaIceState told; /* what the user knows */
  ViaIcePath told_path;
  gboolean has_told_path;
  ViaIcePath path;    /* of the last datagram */
  ViaIcePath to;      /* what @direct sends to */
  ViaUdpSend *direct; /* NULL: no UDP path */
  ViaLoopTimer timer, retry;
  ViaSendCounters counters;
} LiteWire;

static LiteWire *
lite_wire (const ViaWire *wire)
{
  return (LiteWire *) wire;
}

static ViaIceState
state (const ViaWire *wire)
{
  static const ViaIceState states[] = {
      [VIA_LITE_NEW] = VIA_ICE_NEW,
      [VIA_LITE_CONNECTED] = VIA_ICE_CONNECTED,
      [VIA_LITE_DISCONNECTED] = VIA_ICE_DISCONNECTED,
      [VIA_LITE_FAILED] = VIA_ICE_FAILED,
  };

  return states[via_lite_state (lite_wire (wire)->lite)];
}

/* --- candidates --- */

static gchar *
candidate_text (const LiteWire *self, guint i, gboolean is_tcp)
{
  const ViaAddress *address = via_liteport_address (self->port, i);
  g_autofree gchar *ip = via_sockaddr_ip (address);
  const gchar *external = self->external[address->is_v6 ? 1 : 0];
  guint32 preference = is_tcp ? TCP_PASSIVE << 13 | (0x1fffu - i) : 0xffffu - i;
  ViaCandidate candidate = {0};

  g_snprintf (candidate.foundation, sizeof candidate.foundation, "%u",
      2 * i + (is_tcp ? 2 : 1));
  candidate.component = 1;
  candidate.transport = is_tcp ? VIA_TRANSPORT_TCP_PASSIVE : VIA_TRANSPORT_UDP;
  candidate.priority = (is_tcp ? TCP_TYPE_PREFERENCE : UDP_TYPE_PREFERENCE)
                           << 24
                       | preference << 8 | 255u;
  g_strlcpy (candidate.address, external != NULL ? external : ip,
      sizeof candidate.address);
  candidate.port = address->port;
  candidate.type = VIA_CANDIDATE_HOST;
  return via_candidate_to_string (&candidate);
}

static void
find_candidates (LiteWire *self)
{
  for (guint i = 0; i < via_liteport_n_addresses (self->port); i++)
    for (guint k = 0; k < 2; k++)
      g_ptr_array_insert (self->locals, (gint) self->locals->len - 1,
          candidate_text (self, i, k == 1));
}

static void
tell_candidates (LiteWire *self)
{
  for (guint i = 0; i + 1 < self->locals->len && !self->is_closed; i++)
    if (self->funcs.candidate != NULL)
      self->funcs.candidate (self->user, self->locals->pdata[i]);
  if (!self->is_closed && self->funcs.gathering_done != NULL)
    self->funcs.gathering_done (self->user);
}

/* --- events --- */

static gboolean
owes_path (const LiteWire *self)
{
  ViaIcePath to;

  return via_lite_selected (self->lite, &to)
         && !(
             self->has_told_path && via_ice_path_equal (&self->told_path, &to));
}

static void
tell_path (LiteWire *self)
{
  self->has_told_path = via_lite_selected (self->lite, &self->told_path);
  if (self->funcs.pair != NULL)
    self->funcs.pair (self->user);
}

static void
deliver (gpointer data)
{
  LiteWire *self = data;

  if (self->owes_candidates) {
    self->owes_candidates = FALSE;
    tell_candidates (self);
  }
  if (!self->is_closed && owes_path (self))
    tell_path (self);
  while (!self->is_closed && self->told != state (&self->parent)) {
    self->told = state (&self->parent);
    if (self->funcs.state != NULL)
      self->funcs.state (self->user, self->told);
  }
}

static void
set_direct (LiteWire *self)
{
  ViaIcePath to;
  struct sockaddr_storage name;
  socklen_t len;
  gint fd = -1;

  if (via_lite_selected (self->lite, &to)) {
    if (self->direct != NULL && via_ice_path_equal (&self->to, &to))
      return;
    fd = via_liteseat_fd (self->seat, &to);
  }
  via_loop_timer_set (self->loop, &self->retry, VIA_TIME_NEVER);
  g_clear_pointer (&self->direct, via_udpsend_free);
  if (fd < 0)
    return;
  self->to = to;
  len = via_sockaddr_write (&to.address, &name);
  self->direct =
      via_udpsend_new (fd, (struct sockaddr *) &name, len, &self->counters);
}

/* After anything the agent was told: its checks, its path, its time. */
static void
follow (LiteWire *self)
{
  ViaTime now = via_loop_now (self->loop);
  guint8 out[VIA_STUN_MAX];
  ViaIcePath to;
  gsize len;

  while (via_lite_selected (self->lite, &to)
         && (len = via_lite_next (self->lite, now, out, sizeof out)) > 0) {
    ViaDatagram datagram = {out, len};

    via_liteseat_send (self->seat, &to, &datagram, 1);
  }
  set_direct (self);
  via_loop_timer_set (self->loop, &self->timer, via_lite_deadline (self->lite));
  if (self->told != state (&self->parent) || owes_path (self))
    via_loop_at_turn_end (self->loop, deliver, self);
}

static void
on_timer (gpointer data)
{
  LiteWire *self = data;

  via_lite_expire (self->lite, via_loop_now (self->loop));
  follow (self);
}

static void
take_stun (
    LiteWire *self, const ViaIcePath *path, const guint8 *data, gsize len)
{
  ViaStunMessage message;
  guint8 out[VIA_STUN_MAX];
  ViaDatagram reply = {out, 0};
  gboolean is_authentic;

  if (!via_stun_read (&message, data, len))
    return;
  reply.len = via_lite_receive (self->lite, path, &message,
      via_loop_now (self->loop), out, sizeof out, &is_authentic);
  if (is_authentic)
    via_liteseat_hold (self->seat, path);
  if (reply.len > 0)
    via_liteseat_send (self->seat, path, &reply, 1);
  follow (self);
}

static void
on_datagram (gpointer user, const ViaIcePath *path, guint8 *data, gsize len)
{
  LiteWire *self = user;

  if (len > 0 && data[0] < 4) { /* STUN, RFC 7983 */
    take_stun (self, path, data, len);
    return;
  }
  deliver (self); /* what happened before it arrived */
  self->path = *path;
  if (!self->is_closed && self->funcs.datagram != NULL)
    self->funcs.datagram (self->user, data, len);
}

static void
on_lost (gpointer user, guint64 flow)
{
  LiteWire *self = user;

  via_lite_lost (self->lite, flow);
  follow (self);
}

/* --- the wire --- */

static void
release (gpointer data)
{
  LiteWire *self = data;

  g_ptr_array_unref (self->locals);
  g_free (self);
}

static void
wire_free (ViaWire *wire)
{
  LiteWire *self = lite_wire (wire);

  via_loop_assert (self->loop);
  self->is_closed = TRUE;
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  via_loop_timer_set (self->loop, &self->retry, VIA_TIME_NEVER);
  via_loop_not_at_turn_end (self->loop, deliver, self);
  g_clear_pointer (&self->direct, via_udpsend_free);
  g_clear_pointer (&self->seat, via_liteseat_free);
  g_clear_pointer (&self->lite, via_lite_free);
  via_liteport_unref (self->port);
  g_free (self->external[0]);
  g_free (self->external[1]);
  /* a callback of ours may be on the stack */
  via_loop_post (self->loop, release, self, NULL);
}

static const gchar *
ufrag (const ViaWire *wire)
{
  return via_lite_ufrag (lite_wire (wire)->lite);
}

static const gchar *
pwd (const ViaWire *wire)
{
  return via_lite_pwd (lite_wire (wire)->lite);
}

static const gchar *const *
candidates (const ViaWire *wire)
{
  return (const gchar *const *) lite_wire (wire)->locals->pdata;
}

static gboolean
gather (ViaWire *wire, GError **error)
{
  LiteWire *self = lite_wire (wire);

  if (!self->is_gathered) {
    self->is_gathered = self->owes_candidates = TRUE;
    find_candidates (self);
    via_loop_at_turn_end (self->loop, deliver, self);
  }
  return TRUE;
}

static gboolean
set_remote (ViaWire *wire, const gchar *remote_ufrag, const gchar *remote_pwd,
    gboolean is_lite, GError **error)
{
  LiteWire *self = lite_wire (wire);

  if (is_lite) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "both sides are ICE-lite: nobody would open the connection");
    return FALSE;
  }
  if (via_lite_set_remote (self->lite, remote_ufrag, remote_pwd))
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_SYNTAX,
      "ICE credentials are not 4 and 22 to 256 letters, digits, + or / "
      "(RFC 8839 5.4)");
  return FALSE;
}

/* The other side's candidates are of no use: it comes to us. */
static gboolean
add_candidate (ViaWire *wire, const gchar *text, GError **error)
{
  GError *why = NULL;
  ViaCandidate candidate;

  if (via_candidate_parse (&candidate, text, &why))
    return FALSE;
  if (g_error_matches (why, VIA_ERROR, VIA_ERROR_SYNTAX)) {
    g_propagate_error (error, why);
    return FALSE;
  }
  g_error_free (why);
  return FALSE;
}

static void
end_of_candidates (ViaWire *wire)
{
}

static gboolean
take_name (LiteWire *self, GError **error)
{
  if (via_liteseat_add_name (self->seat, via_lite_ufrag (self->lite)))
    return TRUE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_IO,
      "the ICE user name drawn is in use; try again");
  return FALSE;
}

static void
on_retry (gpointer data)
{
  LiteWire *self = data;

  if (self->direct == NULL)
    return;
  via_udpsend_retry (self->direct);
  if (via_udpsend_is_waiting (self->direct))
    via_loop_timer_set (
        self->loop, &self->retry, via_loop_now (self->loop) + RETRY_AFTER);
}

static guint
send_all (ViaWire *wire, const ViaDatagram *datagrams, guint n)
{
  LiteWire *self = lite_wire (wire);
  ViaIcePath to;
  guint taken;

  if (self->direct != NULL) {
    taken = via_udpsend_push (self->direct, datagrams, n);
    if (via_udpsend_is_waiting (self->direct))
      via_loop_timer_set (
          self->loop, &self->retry, via_loop_now (self->loop) + RETRY_AFTER);
    return taken;
  }
  if (!via_lite_selected (self->lite, &to))
    return 0;
  taken = via_liteseat_send (self->seat, &to, datagrams, n);
  self->counters.relayed += taken;
  self->counters.dropped += n - taken;
  return taken;
}

static void
heard (ViaWire *wire)
{
  LiteWire *self = lite_wire (wire);

  via_lite_heard (self->lite, &self->path, via_loop_now (self->loop));
  if (self->told != state (&self->parent))
    via_loop_at_turn_end (self->loop, deliver, self);
}

static void
fill_end (ViaWireEnd *out, ViaCandidateType type, const ViaAddress *address,
    gboolean is_tcp)
{
  g_autofree gchar *ip = via_sockaddr_ip (address);

  out->type = type;
  out->is_tcp = is_tcp;
  g_strlcpy (out->address, ip, sizeof out->address);
  out->port = address->port;
}

static gboolean
pair (ViaWire *wire, ViaWirePair *out)
{
  LiteWire *self = lite_wire (wire);
  const ViaAddress *ours;
  gboolean is_udp;
  ViaIcePath to;

  if (!via_lite_selected (self->lite, &to))
    return FALSE;
  is_udp = via_liteseat_fd (self->seat, &to) >= 0;
  ours = via_liteport_address (self->port, is_udp ? (guint) to.flow : 0);
  fill_end (&out->local, VIA_CANDIDATE_HOST, ours, !is_udp);
  fill_end (&out->remote, VIA_CANDIDATE_PRFLX, &to.address, !is_udp);
  out->server[0] = '\0';
  return TRUE;
}

static gchar *
describe (const ViaWireEnd *end)
{
  gboolean is_v6 = strchr (end->address, ':') != NULL;

  return g_strdup_printf (is_v6 ? "%s [%s]:%u%s" : "%s %s:%u%s",
      via_candidate_type_name (end->type), end->address, end->port,
      end->is_tcp ? " tcp" : "");
}

static gboolean
selected (ViaWire *wire, gchar **out_local, gchar **out_remote)
{
  ViaWirePair both;

  if (!pair (wire, &both))
    return FALSE;
  *out_local = describe (&both.local);
  *out_remote = describe (&both.remote);
  return TRUE;
}

static const ViaSendCounters *
counters (const ViaWire *wire)
{
  return &lite_wire (wire)->counters;
}

static const ViaWireClass lite_wire_class = {
    .is_lite = TRUE,
    .free = wire_free,
    .ufrag = ufrag,
    .pwd = pwd,
    .candidates = candidates,
    .gather = gather,
    .set_remote = set_remote,
    .add_candidate = add_candidate,
    .end_of_candidates = end_of_candidates,
    .state = state,
    .send = send_all,
    .heard = heard,
    .selected = selected,
    .pair = pair,
    .counters = counters,
};

ViaWire *
via_litewire_new (ViaLoop *loop, const ViaLiteConfig *config,
    const ViaIceFuncs *funcs, gpointer user, GError **error)
{
  static const ViaLiteSeatFuncs seat_funcs = {on_datagram, on_lost};
  LiteWire *self = g_new0 (LiteWire, 1);

  via_loop_assert (loop);
  self->parent.klass = &lite_wire_class;
  self->loop = loop;
  self->port = via_liteport_ref (config->port);
  self->funcs = *funcs;
  self->user = user;
  self->external[0] = g_strdup (config->external_ipv4);
  self->external[1] = g_strdup (config->external_ipv6);
  self->timer.func = on_timer;
  self->timer.data = self;
  self->retry.func = on_retry;
  self->retry.data = self;
  self->locals = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->locals, NULL);
  self->lite = via_lite_new (via_system_rng ());
  self->seat = via_liteseat_new (self->port, loop, &seat_funcs, self);
  if (take_name (self, error))
    return &self->parent;
  wire_free (&self->parent);
  return NULL;
}
