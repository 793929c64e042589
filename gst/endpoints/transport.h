/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport.h – the properties that say how packets travel (STUN,
 * TURN, which candidates): the same ones of webrtcendpoint and webrtcserver.
 * RFC 7064 · RFC 8656 · RFC 9429 §4.1.1
 */
#pragma once

#include <glib-object.h>
#include "ice/turnurl.h"

G_BEGIN_DECLS

/* Embed in the instance. Any thread; guarded by its own lock. */
typedef struct
{
  GMutex lock;
  gchar *stun_server, *turn_url; /* turn_url is secret */
  gint policy;                   /* ViaIceTransportPolicy */
} ViaTransport;

void via_transport_init (ViaTransport *self);
void via_transport_clear (ViaTransport *self);

/* class_init: installs the properties, under ids from 0x100 on: the element's
 * own are below. */
void via_transport_install_properties (GObjectClass *klass);
/* What set_property and get_property do with them. FALSE: @id is none of
 * these. A bad value is refused (warning naming the rule, without a secret; the
 * old one stays); secrets read back as "***". */
gboolean via_transport_set_property (
    ViaTransport *self, guint id, const GValue *value);
gboolean via_transport_get_property (
    ViaTransport *self, guint id, GValue *value);
/* Gives @self all that is set in @from: a server's child. */
void via_transport_copy (ViaTransport *self, ViaTransport *from);

/* What the properties say now. */
typedef struct
{
  ViaIceServer *stun, *turn; /* (nullable) hosts are addresses */
  gboolean relay_only;
  gchar *missing; /* (nullable) which server is left out, and why */
} ViaTransportConfig;

/* Fills @out, to be cleared whatever comes back. Asks the name service where a
 * server is given by name: not on a loop. Error: VIA_ERROR_IO, the name has no
 * address. If it @may_wait not, a server whose address is not known yet is left
 * out; error VIA_ERROR_STATE if nothing goes without it. */
gboolean via_transport_resolve (ViaTransport *self, gboolean may_wait,
    ViaTransportConfig *out, GError **error);
/* Asks for the addresses of servers given by name, so that they are known when
 * they are needed; does not wait. Any thread but loops. */
void via_transport_prepare (ViaTransport *self);
void via_transport_config_clear (ViaTransportConfig *self);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (
    ViaTransportConfig, via_transport_config_clear)
