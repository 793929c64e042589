/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/server.h – the HTTP(S) server of one webrtcserver: a thread of its own,
 * pages, WHIP, WHEP and the room's WebSockets. Knows no element: peers are ids,
 * told and answered through the calls here.
 */
#pragma once

#include "base/error.h"
#include "base/rng.h"
#include "http/gate.h"
#include "http/roomtext.h"
#include "http/reports.h"
#include "http/wish.h"

G_BEGIN_DECLS

typedef struct _ViaHttpServer ViaHttpServer;

typedef struct
{
  const gchar *address; /* IP literal or "localhost"; no loopback means TLS */
  guint port;           /* 0: any free one */
  const gchar *path;    /* "live": letters, digits, '-', '_', '.' */
  const gchar *page;    /* what /PATH/ shows: "watch", "publish" … */
  guint max_peers;      /* 0: no limit */
  const gchar *data_directory; /* (nullable) where the certificate is kept */
  ViaRng *rng;                 /* thread-safe; kept */
  const gchar *certificate;    /* (nullable) PEM file: chain and key, for TLS */
  guint max_per_address;       /* as in ViaWishConfig, as the next two */
  gboolean strict_etag, counter_offer;
  ViaGateConfig gate;
  const ViaRoomtextFuncs *room; /* (nullable) the room's WebSockets; static */
  /* (nullable) Player @id listens to events: by and by to be told by
   * via_http_server_flow. As report. */
  void (*look) (gpointer user, const gchar *id);
  /* (nullable) Somebody reads what ViaReportKind says, of PATH: to be answered
   * by via_http_server_report. On the server's thread; must not block. */
  void (*report) (gpointer user, const gchar *ticket, ViaReportKind kind,
      const gchar *path);
} ViaHttpConfig;

/* FALSE, with a STATE error, if the process has libsoup 2 loaded: two libsoups
 * in one process abort it. Call before _new. */
gboolean via_http_server_check (GError **error);
/* Binds; nobody is answered yet. Errors: SETTING – address, path, certificate
 * or one of the gate's; IO – names address:port; UNSUPPORTED, CRYPTO – TLS. Any
 * thread. */
ViaHttpServer *via_http_server_new (const ViaHttpConfig *config,
    const ViaWishFuncs *funcs, gpointer user, GError **error);
/* Serves from now on; @funcs are called on the server's thread and must not
 * block. */
void via_http_server_start (ViaHttpServer *self);
/* Ends it and gives up the reference that _new gave. After return no function
 * of @funcs or of _after runs; open requests are cut. Not on the server's
 * thread. */
void via_http_server_stop (ViaHttpServer *self);

guint via_http_server_port (const ViaHttpServer *self);
/* "http://127.0.0.1:8889/live/"; for a wildcard address, one of this machine's
 * own. */
const gchar *via_http_server_url (const ViaHttpServer *self);
/* The certificate's "AB:CD:…", NULL without TLS. */
const gchar *via_http_server_sha256 (const ViaHttpServer *self);

/* For who may call the functions below while another thread stops the server:
 * they then do nothing. Any thread. */
ViaHttpServer *via_http_server_ref (ViaHttpServer *self);
void via_http_server_unref (ViaHttpServer *self);

/* All of these: any thread, never block, nothing happens for an unknown @id. */

/* What @id's offer, restart or answer waits for (@sdp and @error NULL: an
 * answer that was taken), or why it is refused. */
void via_http_server_answer (ViaHttpServer *self, const gchar *id,
    const gchar *sdp, const GError *error);
/* Something comes to player @id at the moment, or nothing; @layers: (nullable)
 * what there is to choose from, as the event of that name has it. */
void via_http_server_flow (ViaHttpServer *self, const gchar *id,
    gboolean is_active, const gchar *layers);
/* What @ticket of the config's report waits for. */
void via_http_server_report (ViaHttpServer *self, const gchar *ticket,
    guint status, const gchar *type, const gchar *text);
void via_http_server_connected (ViaHttpServer *self, const gchar *id);
/* The peer is gone: its address answers 404 from now on. */
void via_http_server_end (ViaHttpServer *self, const gchar *id);
/* To the room's member @id, as via_roomsockets_send and _end. */
void via_http_server_room_send (
    ViaHttpServer *self, const gchar *id, const gchar *text);
void via_http_server_room_end (
    ViaHttpServer *self, const gchar *id, const GError *error);
/* Runs @func once on the server's thread, @ms from now; @destroy always. */
void via_http_server_after (ViaHttpServer *self, guint ms, GSourceFunc func,
    gpointer data, GDestroyNotify destroy);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaHttpServer, via_http_server_unref)
