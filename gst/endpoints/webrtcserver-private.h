/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-private.h – what the files of webrtcserver share.
 */
#pragma once

#include "endpoints/common.h"
#include "endpoints/publisher.h"
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

  GMutex lock; /* guards all to the next blank; never held while calling out */
  struct
  {
    gchar *address, *path;
    guint port, max_peers;
    gchar *stun_server, *turn_url; /* turn_url is secret */
    gint policy;
  } set;
  guint bound_port; /* 0: not listening */

  /* Who publishes where; guards all to the next blank. Held while a track is
   * published, so that its member stays; nothing on via-app takes it. */
  GMutex room_lock;
  GPtrArray *publishers; /* ViaPublisher*, one per sink pad */
  ViaExchange *exchange; /* the hub's or our own; above NULL */
  ViaMember *member;     /* publishes the sink pads; once there is a pad */

  /* under the element's state lock */
  ViaIdentity *identity;
  ViaViewers *viewers; /* above READY */
};

/* webrtcserver-props.c */
void via_webrtc_server_install_properties (GObjectClass *object_class);
/* Gives @child the transport properties of the server. Any thread. */
void via_webrtc_server_configure (ViaWebrtcServer *self, GstElement *child);

G_END_DECLS
