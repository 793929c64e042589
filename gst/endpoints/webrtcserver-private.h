/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-private.h – what the files of webrtcserver share.
 */
#pragma once

#include "endpoints/access.h"
#include "endpoints/common.h"
#include "endpoints/datapads.h"
#include "endpoints/outlets.h"
#include "endpoints/peers.h"
#include "endpoints/publishers.h"
#include "endpoints/transport.h"
#include "endpoints/webrtcserver.h"

G_BEGIN_DECLS

#define VIA_WEBRTC_SERVER_ADDRESS "127.0.0.1" /* defaults */
#define VIA_WEBRTC_SERVER_PORT 8889
#define VIA_WEBRTC_SERVER_PATH "live"

struct _ViaWebrtcServer
{
  GstBin parent;
  ViaCommon common;
  ViaTransport transport;    /* handed to each child */
  ViaMediaprops media;       /* the same */
  ViaAccess access;          /* who may enter */
  ViaPublishers *publishers; /* the sink pads */
  ViaDataPads *data_pads;

  GMutex lock; /* guards all to the next blank; never held while calling out */
  struct
  {
    gchar *address, *path;
    guint port, max_peers;
    gint page;            /* ViaServerPage */
    guint single_port;    /* 0: none */
    gchar *data_channels; /* (nullable) labels */
  } set;
  guint bound_port; /* 0: not listening */
  gboolean takes_data;
  GPtrArray *labels;     /* gchar*: of data source pads, by their number */
  guint64 labels_opened; /* bit N: pad N was made */
  gboolean has_labels;   /* from data-channels: there are no others */

  /* Guards all to the next blank; after that of the pads. */
  GMutex room_lock;
  ViaExchange *exchange; /* the hub's or our own; NULL while there is none */
  ViaMember *member;     /* publishes the sink pads, hears of the room's end */
  gboolean is_lost;      /* it ended; left and looked for again soon */

  GRWLock outlets_lock; /* guards the next; users read */
  ViaOutlets *outlets;  /* the source pads; above READY */

  /* under the element's state lock */
  ViaIdentity *identity;
  ViaExchange *received; /* what publishers send, for our source pads */
  ViaPeers *peers;       /* above READY */
  GWeakRef hub;          /* the one that was joined, who may come back */
  ViaLitePort *lite;     /* (nullable) above READY; all peers' one port */
};

/* webrtcserver-room.c */
/* Joins the hub or makes the own room; nothing if that is done. Errors as
 * via_join_find. Call with the element's state lock held, as _leave. */
gboolean via_webrtc_server_join (ViaWebrtcServer *self, GError **error);
void via_webrtc_server_leave (ViaWebrtcServer *self);
/* For ViaPeersConfig: the room there is now. */
ViaExchange *via_webrtc_server_room (gpointer user, GError **error);
/* Who publishes our sink pads. (transfer full) (nullable) Any thread. */
ViaMember *via_webrtc_server_ref_member (ViaWebrtcServer *self);
/* app-data is another now. Any thread. */
void via_webrtc_server_tell_app_data (ViaWebrtcServer *self);
/* For ViaPublishersFuncs. */
ViaMember *via_webrtc_server_find_member (
    gpointer user, const ViaPublisher *publisher);

/* webrtcserver.c: codecs and latency are other ones now. Any thread. */
void via_webrtc_server_use_media (ViaWebrtcServer *self);

/* webrtcserver-signals.c */
/* For ViaPeersFuncs: asks the application. */
gboolean via_webrtc_server_authorize (gpointer user, const ViaPeersGuest *guest,
    gchar **app_data, GError **error);
void via_webrtc_server_install_signals (GObjectClass *klass);

/* webrtcserver-data.c */
void via_webrtc_server_init_data (ViaWebrtcServer *self);
/* data-channels: one that is no list is refused. */
void via_webrtc_server_set_labels (ViaWebrtcServer *self, const gchar *text);
/* Above READY what peers say has source pads. */
void via_webrtc_server_open_data (ViaWebrtcServer *self, gboolean is_open);
/* Of ViaMemberFuncs. */
void via_webrtc_server_take_data (gpointer user, const ViaRoomMessage *message);

/* webrtcserver-props.c */
void via_webrtc_server_install_properties (GObjectClass *object_class);

G_END_DECLS
