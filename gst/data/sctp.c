/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/sctp.c – SCTP associations by usrsctp, without its threads or sockets.
 * usrsctp calls back while it is called; what it says is queued and polled.
 * Packets come by a call of its; what arrived is read when we are polled, so
 * that who is held holds the far end. An association is known to it by a
 * number, never by a pointer, so that a late word about one that is gone finds
 * nothing. The library is initialised once and stays: its own end does not wait
 * for timers of closed associations. CRC32c stays in every packet (RFC 8261 §5;
 * zero is to be negotiated). RFC 9260 · RFC 8261 · RFC 3758 · RFC 6525
 */
#include "data/sctp.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <usrsctp.h>

#define OUT_MAX 4096 /* packets that wait to be fetched; more are lost */
/* Bytes; of half of it a message is given out before it is whole. */
#define BUFFER (1 << 20)
#define HEADER 12 /* of a packet, which usrsctp does not count here */
#define CHECKSUM_AT 8
#define PIECE (1 << 18) /* bytes of a message that are read at once */
#define CHUNK_SACK 3
#define CHUNK_RECONFIG 130 /* RFC 6525 §3.1 */
#define PARAM_RESET_OUT 13 /* §4.1 */
#define RTO_INITIAL 500    /* ms */
#define RTO_MIN 300
#define RTO_MAX 10000

struct _ViaSctp
{
  guint number;          /* what usrsctp knows us by */
  struct socket *socket; /* NULL: aborted */
  gboolean is_registered;
  GQueue out;    /* GBytes* */
  GQueue events; /* ViaSctpEvent* */
  gboolean is_up, is_down;
  gboolean is_held;  /* nothing is read */
  GHashTable *begun; /* stream → TSN of a message that has not ended */
  gboolean has_acked;
  guint32 acked; /* TSN: all up to it is here, as we told them */
  /* A reset of streams that comes before what was sent there: usrsctp would
   * answer "in progress", and look again only when more data comes. */
  GBytes *held; /* (nullable) */
  guint32 held_tsn;
};

/* Of the home thread. */
static GHashTable *associations; /* number → ViaSctp* */
static guint last_number;

static ViaSctp *
find (const void *number)
{
  return g_hash_table_lookup (associations, number);
}

/* --- chunks, RFC 9260 §3 --- */

/* Takes down what a packet of ours acknowledges. */
static void
note_acks (ViaSctp *self, const guint8 *data, gsize len)
{
  ViaReader in;
  guint8 type, flags;
  guint16 size;

  via_reader_init (&in, data, len);
  via_reader_skip (&in, HEADER);
  while (via_reader_u8 (&in, &type) && via_reader_u8 (&in, &flags)
         && via_reader_u16 (&in, &size) && size >= 4) {
    gsize rest = (gsize) (size + 3) / 4 * 4 - 4;
    guint32 tsn;

    if (type == CHUNK_SACK && via_reader_u32 (&in, &tsn)) {
      self->has_acked = TRUE;
      self->acked = tsn;
      rest -= sizeof tsn;
    }
    via_reader_skip (&in, rest);
  }
}

static gboolean
is_early (const ViaSctp *self, guint32 tsn)
{
  return self->has_acked && (gint32) (self->acked - tsn) < 0;
}

/* A look at the types alone: few packets have one. */
static gboolean
has_reconfig (const guint8 *data, gsize len)
{
  gsize at = HEADER;

  while (at + 4 <= len && data[at] != CHUNK_RECONFIG) {
    gsize size = (gsize) data[at + 2] << 8 | data[at + 3];

    if (size < 4)
      return FALSE;
    at += (size + 3) / 4 * 4;
  }
  return at + 4 <= len;
}

/* TRUE: among the parameters of a RE-CONFIG chunk is a reset of their streams;
 * up to *@out_tsn there is data before it. RFC 6525 §4.1 */
static gboolean
has_reset (ViaReader chunk, guint32 *out_tsn)
{
  guint16 param, size;

  while (via_reader_u16 (&chunk, &param) && via_reader_u16 (&chunk, &size)
         && size >= 4) {
    ViaReader value = chunk;

    if (param == PARAM_RESET_OUT)
      return via_reader_skip (&value, 4 + 4)
             && via_reader_u32 (&value, out_tsn);
    if (!via_reader_skip (&chunk, (gsize) (size + 3) / 4 * 4 - 4))
      break;
  }
  return FALSE;
}

static guint32
checksum_of (const guint8 *packet, gsize len)
{
  g_autofree guint8 *copy = g_memdup2 (packet, len);

  memset (copy + CHECKSUM_AT, 0, sizeof (guint32));
  return usrsctp_crc32c (copy, len);
}

static gboolean
is_whole (const guint8 *packet, gsize len)
{
  guint32 said;

  if (len < HEADER)
    return FALSE;
  memcpy (&said, packet + CHECKSUM_AT, sizeof said);
  return said == checksum_of (packet, len);
}

/* Puts the chunks of @data that reset streams too early into @late, the others
 * into @now, each behind the header. *@out_tsn: what @late waits for. */
static void
part_chunks (const ViaSctp *self, const guint8 *data, gsize len,
    GByteArray *now, GByteArray *late, guint32 *out_tsn)
{
  gsize at = HEADER;

  g_byte_array_append (now, data, HEADER);
  g_byte_array_append (late, data, HEADER);
  while (at + 4 <= len) {
    gsize size = (gsize) data[at + 2] << 8 | data[at + 3];
    gsize padded = MIN ((size + 3) / 4 * 4, len - at);
    GByteArray *where = now;
    ViaReader chunk;
    guint32 tsn;

    if (size < 4 || size > len - at)
      break; /* usrsctp finds that, too */
    via_reader_init (&chunk, data + at + 4, size - 4);
    if (data[at] == CHUNK_RECONFIG && has_reset (chunk, &tsn)
        && is_early (self, tsn)) {
      *out_tsn = tsn;
      where = late;
    }
    g_byte_array_append (where, data + at, (guint) padded);
    at += padded;
  }
  if (at < len)
    g_byte_array_append (now, data + at, (guint) (len - at));
}

static void
sign (GByteArray *packet)
{
  guint32 sum = checksum_of (packet->data, packet->len);

  memcpy (packet->data + CHECKSUM_AT, &sum, sizeof sum);
}

/* --- what usrsctp says --- */

static int
on_output (void *address, void *data, size_t len, uint8_t tos, uint8_t set_df)
{
  ViaSctp *self = find (address);

  if (self != NULL)
    note_acks (self, data, len);
  if (self != NULL && g_queue_get_length (&self->out) < OUT_MAX)
    g_queue_push_tail (&self->out, g_bytes_new (data, len));
  return 0;
}

static ViaSctpEvent *
tell (ViaSctp *self, ViaSctpEventType type)
{
  ViaSctpEvent *event = g_new0 (ViaSctpEvent, 1);

  event->type = type;
  g_queue_push_tail (&self->events, event);
  return event;
}

static void
note_association (ViaSctp *self, const struct sctp_assoc_change *change)
{
  if (change->sac_state == SCTP_COMM_UP && !self->is_up) {
    self->is_up = TRUE;
    tell (self, VIA_SCTP_UP)->n_streams =
        MIN (change->sac_inbound_streams, change->sac_outbound_streams);
  } else if (change->sac_state != SCTP_COMM_UP && !self->is_down) {
    self->is_down = TRUE; /* a restart too: channels would not survive it */
    tell (self, VIA_SCTP_DOWN);
  }
}

static void
note_reset (ViaSctp *self, const struct sctp_stream_reset_event *reset)
{
  gsize n = (reset->strreset_length - sizeof *reset) / sizeof (guint16);
  gboolean is_theirs =
      (reset->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;

  if (n == 0 && is_theirs) /* none listed: all, RFC 6525 §4.1 */
    tell (self, VIA_SCTP_PEER_RESET)->is_all = TRUE;
  for (gsize i = 0; i < n; i++)
    tell (self, is_theirs ? VIA_SCTP_PEER_RESET : VIA_SCTP_RESET_DONE)->stream =
        reset->strreset_stream_list[i];
}

static void
note (ViaSctp *self, const union sctp_notification *said, gsize len)
{
  if (len < sizeof said->sn_header || said->sn_header.sn_length != len)
    return;
  if (said->sn_header.sn_type == SCTP_ASSOC_CHANGE
      && len >= sizeof said->sn_assoc_change)
    note_association (self, &said->sn_assoc_change);
  else if (said->sn_header.sn_type == SCTP_STREAM_RESET_EVENT
           && len >= sizeof said->sn_strreset_event)
    note_reset (self, &said->sn_strreset_event);
}

/* A message of which a part came, and whose sender gave up, has no end; usrsctp
 * 0.9.5 does not say so. All pieces of one have the TSN of its first. */
static void
note_piece (ViaSctp *self, const struct sctp_rcvinfo *info, gboolean is_end)
{
  gpointer stream = GUINT_TO_POINTER (info->rcv_sid), first;

  if (g_hash_table_lookup_extended (self->begun, stream, NULL, &first)
      && GPOINTER_TO_UINT (first) != info->rcv_tsn)
    tell (self, VIA_SCTP_CUT)->stream = info->rcv_sid;
  if (is_end)
    g_hash_table_remove (self->begun, stream);
  else
    g_hash_table_insert (self->begun, stream, GUINT_TO_POINTER (info->rcv_tsn));
}

/* Takes what usrsctp has for us, a piece or a word; FALSE: nothing. */
static gboolean
receive (ViaSctp *self)
{
  static guint8 piece[PIECE];
  struct sctp_rcvinfo info = {0};
  struct sockaddr_conn from;
  socklen_t from_len = sizeof from, info_len = sizeof info;
  unsigned int info_type = SCTP_RECVV_NOINFO;
  int flags = 0;
  ViaSctpEvent *event;
  ssize_t len;

  if (self->socket == NULL || self->is_held)
    return FALSE;
  len = usrsctp_recvv (self->socket, piece, sizeof piece,
      (struct sockaddr *) &from, &from_len, &info, &info_len, &info_type,
      &flags);
  if (len <= 0)
    return FALSE;
  if ((flags & MSG_NOTIFICATION) != 0) {
    note (self, (const union sctp_notification *) piece, (gsize) len);
    return TRUE;
  }
  note_piece (self, &info, (flags & MSG_EOR) != 0);
  event = tell (self, VIA_SCTP_DATA);
  event->stream = info.rcv_sid;
  event->ppid = g_ntohl (info.rcv_ppid);
  event->is_end = (flags & MSG_EOR) != 0;
  event->data = g_bytes_new (piece, (gsize) len);
  return TRUE;
}

/* --- life --- */

static void
start_usrsctp (void)
{
  if (associations != NULL)
    return;
  associations = g_hash_table_new (NULL, NULL);
  usrsctp_init_nothreads (0, on_output, NULL);
  usrsctp_sysctl_set_sctp_ecn_enable (0); /* nothing marks below DTLS */
  usrsctp_sysctl_set_sctp_asconf_enable (0);
  usrsctp_sysctl_set_sctp_auth_enable (0);
  usrsctp_sysctl_set_sctp_blackhole (2);
  usrsctp_sysctl_set_sctp_no_csum_on_loopback (0);
  usrsctp_sysctl_set_sctp_max_chunks_on_queue (8192);
}

static gboolean
set (ViaSctp *self, int level, int name, const void *value, socklen_t len)
{
  return usrsctp_setsockopt (self->socket, level, name, value, len) == 0;
}

static gboolean
set_events (ViaSctp *self)
{
  static const guint16 wanted[] = {
      SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_PARTIAL_DELIVERY_EVENT};

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    struct sctp_event event = {SCTP_ALL_ASSOC, wanted[i], 1};

    if (!set (self, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_options (ViaSctp *self, guint n_streams)
{
  struct linger linger = {1, 0}; /* close aborts and waits for nothing */
  struct sctp_assoc_value resets = {SCTP_ALL_ASSOC,
      SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ};
  struct sctp_initmsg init = {(guint16) n_streams, (guint16) n_streams, 0, 0};
  struct sctp_rtoinfo rto = {0, RTO_INITIAL, RTO_MAX, RTO_MIN};
  int buffer = BUFFER;
  uint32_t on = 1;

  return usrsctp_set_non_blocking (self->socket, 1) == 0
         && set (self, SOL_SOCKET, SO_LINGER, &linger, sizeof linger)
         && set (self, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer)
         && set (self, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer)
         && set (self, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on)
         && set (self, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on)
         && set (self, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets,
             sizeof resets)
         && set (self, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init)
         && set (self, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto)
         && set_events (self);
}

static struct sockaddr_conn
address_of (const ViaSctp *self, guint port)
{
  struct sockaddr_conn address = {0};

  address.sconn_family = AF_CONN;
  address.sconn_port = g_htons ((guint16) port);
  address.sconn_addr = GUINT_TO_POINTER (self->number);
  return address;
}

/* DTLS does not fragment: our packets never grow. RFC 8261 §5 */
static gboolean
set_path (ViaSctp *self, struct sockaddr_conn *remote)
{
  struct sctp_paddrparams path = {0};

  memcpy (&path.spp_address, remote, sizeof *remote);
  path.spp_flags = SPP_PMTUD_DISABLE;
  path.spp_pathmtu = VIA_SCTP_MTU - HEADER;
  return set (self, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
}

static gboolean
connect_to (ViaSctp *self, guint local_port, guint remote_port)
{
  struct sockaddr_conn local = address_of (self, local_port);
  struct sockaddr_conn remote = address_of (self, remote_port);

  return usrsctp_bind (self->socket, (struct sockaddr *) &local, sizeof local)
             == 0
         && (usrsctp_connect (
                 self->socket, (struct sockaddr *) &remote, sizeof remote)
                 == 0
             || errno == EINPROGRESS)
         && set_path (self, &remote);
}

ViaSctp *
via_sctp_new (
    guint local_port, guint remote_port, guint n_streams, GError **error)
{
  g_autoptr (ViaSctp) self = g_new0 (ViaSctp, 1);

  start_usrsctp ();
  do
    self->number = ++last_number;
  while (self->number == 0 || find (GUINT_TO_POINTER (self->number)) != NULL);
  g_queue_init (&self->out);
  g_queue_init (&self->events);
  self->begun = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (associations, GUINT_TO_POINTER (self->number), self);
  usrsctp_register_address (GUINT_TO_POINTER (self->number));
  self->is_registered = TRUE;
  self->socket =
      usrsctp_socket (AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  if (self->socket == NULL || !set_options (self, n_streams)
      || !connect_to (self, local_port, remote_port)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO,
        "cannot begin an SCTP association: %s", g_strerror (errno));
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
via_sctp_abort (ViaSctp *self)
{
  if (self->socket != NULL)
    usrsctp_close (self->socket);
  self->socket = NULL;
  if (self->is_registered)
    usrsctp_deregister_address (GUINT_TO_POINTER (self->number));
  self->is_registered = FALSE;
}

void
via_sctp_free (ViaSctp *self)
{
  ViaSctpEvent event;

  if (self == NULL)
    return;
  via_sctp_abort (self);
  g_hash_table_remove (associations, GUINT_TO_POINTER (self->number));
  g_queue_clear_full (&self->out, (GDestroyNotify) g_bytes_unref);
  g_clear_pointer (&self->held, g_bytes_unref);
  g_hash_table_unref (self->begun);
  while (via_sctp_poll (self, &event))
    via_sctp_event_clear (&event);
  g_free (self);
}

/* --- packets --- */

static void
input (ViaSctp *self, const guint8 *data, gsize len)
{
  usrsctp_conninput (GUINT_TO_POINTER (self->number), data, len, 0);
}

/* What was held, once its time has come. */
static void
release_held (ViaSctp *self)
{
  g_autoptr (GBytes) packet = NULL;

  if (self->held == NULL || is_early (self, self->held_tsn))
    return;
  packet = g_steal_pointer (&self->held);
  if (self->socket != NULL)
    input (self, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
}

void
via_sctp_feed (ViaSctp *self, const guint8 *data, gsize len)
{
  g_autoptr (GByteArray) now = NULL;
  GByteArray *late;
  guint32 tsn = 0;

  if (self->socket == NULL || len > VIA_SCTP_DATAGRAM)
    return;
  if (!has_reconfig (data, len) || !is_whole (data, len)) {
    input (self, data, len);
    release_held (self);
    return;
  }
  now = g_byte_array_new ();
  late = g_byte_array_new ();
  part_chunks (self, data, len, now, late, &tsn);
  if (late->len == HEADER) {
    input (self, data, len);
  } else if (now->len > HEADER) {
    sign (now);
    input (self, now->data, now->len);
  }
  if (late->len > HEADER) {
    sign (late);
    g_clear_pointer (&self->held, g_bytes_unref);
    self->held = g_byte_array_free_to_bytes (g_steal_pointer (&late));
    self->held_tsn = tsn;
  }
  g_clear_pointer (&late, g_byte_array_unref);
  release_held (self);
}

void
via_sctp_hold (ViaSctp *self, gboolean is_held)
{
  self->is_held = is_held;
}

GBytes *
via_sctp_next (ViaSctp *self)
{
  return g_queue_pop_head (&self->out);
}

gboolean
via_sctp_poll (ViaSctp *self, ViaSctpEvent *out)
{
  ViaSctpEvent *event;

  release_held (self); /* it may be time that acknowledged the rest */
  while (self->events.length == 0 && receive (self))
    continue; /* not every word is one for us */
  event = self->is_held ? NULL : g_queue_pop_head (&self->events);
  if (event == NULL)
    return FALSE;
  *out = *event;
  g_free (event);
  return TRUE;
}

void
via_sctp_event_clear (ViaSctpEvent *self)
{
  g_clear_pointer (&self->data, g_bytes_unref);
}

gboolean
via_sctp_send (ViaSctp *self, const ViaSctpMessage *message)
{
  struct sctp_sendv_spa spa = {0};

  if (self->socket == NULL)
    return FALSE;
  spa.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  spa.sendv_sndinfo.snd_sid = message->stream;
  spa.sendv_sndinfo.snd_flags =
      SCTP_EOR | (message->is_unordered ? SCTP_UNORDERED : 0);
  spa.sendv_sndinfo.snd_ppid = g_htonl (message->ppid);
  if (message->reliability != VIA_SCTP_RELIABLE) {
    spa.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    spa.sendv_prinfo.pr_policy = message->reliability == VIA_SCTP_RETRANSMITS
                                     ? SCTP_PR_SCTP_RTX
                                     : SCTP_PR_SCTP_TTL;
    spa.sendv_prinfo.pr_value = message->limit;
  }
  return usrsctp_sendv (self->socket, message->data, message->len, NULL, 0,
             &spa, sizeof spa, SCTP_SENDV_SPA, 0)
         >= 0;
}

gboolean
via_sctp_reset (ViaSctp *self, const guint16 *streams, guint n)
{
  gsize size = sizeof (struct sctp_reset_streams) + n * sizeof (guint16);
  g_autofree struct sctp_reset_streams *request = g_malloc0 (size);

  if (self->socket == NULL)
    return FALSE;
  request->srs_assoc_id = SCTP_ALL_ASSOC;
  request->srs_flags = SCTP_STREAM_RESET_OUTGOING;
  request->srs_number_streams = (guint16) n;
  memcpy (request->srs_stream_list, streams, n * sizeof (guint16));
  return set (
      self, IPPROTO_SCTP, SCTP_RESET_STREAMS, request, (socklen_t) size);
}

void
via_sctp_elapse (guint elapsed_ms)
{
  if (associations != NULL)
    usrsctp_handle_timers (elapsed_ms);
}
