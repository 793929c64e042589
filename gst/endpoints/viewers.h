/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/viewers.h – the viewers of one webrtcserver: a webrtcendpoint child
 * per HTTP session, from offer to goodbye.
 */
#pragma once

#include <gst/gst.h>
#include "dtls/identity.h"
#include "http/server.h"
#include "io/exchange.h"

G_BEGIN_DECLS

#define VIA_VIEWERS_GATHER_MS 1000    /* after the first candidate */
#define VIA_VIEWERS_ANSWER_MS 4000    /* from the offer, come what may */
#define VIA_VIEWERS_CONNECT_MS 15000  /* from the answer to media */
#define VIA_VIEWERS_VANISHED_MS 10000 /* disconnected this long */

typedef struct _ViaViewers ViaViewers;

typedef struct
{
  ViaHttpConfig http;
  GstBin *bin;           /* gets the children; outlives us */
  ViaExchange *exchange; /* what they watch */
  ViaIdentity *identity; /* of all of them */
  /* Sets the properties of a child before it is added; on via-app. */
  void (*configure) (gpointer user, GstElement *child);
  gpointer user;
} ViaViewersConfig;

/* Listens. Needs via_app_acquire. Errors as via_http_server_new. */
ViaViewers *via_viewers_start (const ViaViewersConfig *config, GError **error);
/* Stops listening and takes every child away (they say goodbye). NULL is
 * ignored. Any thread but the server's own and loops. */
void via_viewers_stop (ViaViewers *self);
/* What listens; valid until _stop. */
const ViaHttpServer *via_viewers_http (const ViaViewers *self);

G_END_DECLS
