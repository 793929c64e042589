/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-private.h – what the files of webrtcserver share.
 */
#pragma once

#include "endpoints/common.h"
#include "endpoints/publishers.h"
#include "endpoints/transport.h"
#include "endpoints/viewers.h"
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
  ViaPublishers *publishers; /* the sink pads */

  GMutex lock; /* guards all to the next blank; never held while calling out */
  struct
  {
    gchar *address, *path;
    guint port, max_peers;
  } set;
  guint bound_port; /* 0: not listening */

  /* Guards all to the next blank; after that of the pads. */
  GMutex room_lock;
  ViaExchange *exchange; /* the hub's or our own; above NULL */
  ViaMember *member;     /* publishes the sink pads; once there is a pad */

  /* under the element's state lock */
  ViaIdentity *identity;
  ViaViewers *viewers; /* above READY */
};

/* webrtcserver-props.c */
void via_webrtc_server_install_properties (GObjectClass *object_class);

G_END_DECLS
