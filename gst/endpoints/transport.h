/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport.h – the properties that say how packets travel (STUN,
 * TURN, which candidates, DTLS): the same ones of webrtcendpoint and
 * webrtcserver. What they are is endpoints/settings.
 */
#pragma once

#include "dtls/identity.h"
#include "endpoints/common.h"
#include "endpoints/settings.h"
#include "io/icewire.h"
#include "io/tlsbridges.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

/* Embed in the instance. Any thread; guarded by its own lock. */
typedef struct
{
  GMutex lock;
  /* As via_setting_read gives them, perhaps secret; NULL: built in. */
  gchar *set[VIA_SETTINGS];
  gboolean is_linked[VIA_SETTINGS]; /* a server named it, not the user */
  ViaTlsBridges *bridges;           /* (nullable) above NULL */
  gboolean owns_bridges;            /* FALSE: a server's, whose child this is */
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
/* Gives @self all that is set in @from, a server's child, and its bridges. */
void via_transport_copy (ViaTransport *self, ViaTransport *from);
/* (transfer full) (nullable) secret, perhaps */
gchar *via_transport_dup (ViaTransport *self, ViaSetting setting);

/* NULL→READY and back, with via-app acquired: what @element tells about TURN
 * over TLS is posted by it. @common is of @element. */
void via_transport_open (
    ViaTransport *self, GstElement *element, ViaCommon *common);
void via_transport_close (ViaTransport *self);
/* Has for @server: signal (GstElement, server, code, text), if @element has
 * one. */
#define VIA_TRANSPORT_ERROR_SIGNAL "on-ice-candidate-error"
/* Tells by WARNING, message and signal that @server gives no candidate. @code:
 * of STUN, or 0. @common is of @element. via-app, or who calls an action. */
void via_transport_tell_failed (GstElement *element, ViaCommon *common,
    const gchar *server, guint code, const gchar *text);
/* The certificate that was set, or a fresh one. */
ViaIdentity *via_transport_identity (ViaTransport *self, GError **error);

/* What the properties say now. */
typedef struct
{
  ViaIceConfig ice;    /* all but is_controlling; points into the next */
  ViaIceServer *stun;  /* (nullable) hosts are addresses */
  ViaIceServer **turn; /* ended by NULL; a server reached by TLS is the bridge
                          to it, under its name */
  gchar *external_ipv4, *external_ipv6, *interfaces; /* (nullable) */
  ViaSrtpProfile srtp_profiles[VIA_SETTING_MAX_PROFILES + 1];
  ViaSetup setup;
  gchar *missing;        /* (nullable) why a server is left out */
  gchar *missing_server; /* (nullable) which */
} ViaTransportConfig;

/* Fills @out, to be cleared whatever comes back. Asks the name service where a
 * server is given by name: not on a loop. Errors: IO, the name has no
 * address; SETTING, values that do not fit together. If it @may_wait not, a
 * server whose address is not known yet is left out; error VIA_ERROR_STATE if
 * nothing goes without it. */
gboolean via_transport_resolve (ViaTransport *self, gboolean may_wait,
    ViaTransportConfig *out, GError **error);
/* Asks for the addresses of servers given by name, so that they are known when
 * they are needed; does not wait. Any thread but loops. */
void via_transport_prepare (ViaTransport *self);
/* Gives @server the user and password of a day, as coturn makes them of
 * @secret (static-auth-secret). */
void via_transport_mint (ViaIceServer *server, const gchar *secret);
/* The value of a Link header with the servers a page may use: STUN, and TURN
 * with credentials made from turn-secret; those of turn-url stay here.
 * (transfer full) (nullable) RFC 9725 §4.6. */
gchar *via_transport_link (ViaTransport *self);
/* Uses the servers in @value (the values of Link headers, joined by commas)
 * where the user has set none. Any thread. transport_take.c */
void via_transport_take_link (ViaTransport *self, const gchar *value);
void via_transport_config_clear (ViaTransportConfig *self);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (
    ViaTransportConfig, via_transport_config_clear)
