/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_priv.h – what of a wire's settings can be told wrong by itself.
 * Not for users of wires.
 */
#pragma once

#include "io/icewire.h"

G_BEGIN_DECLS

#define VIA_ICE_MAX_TURN VIA_TURN_URLS_MAX

/* Errors: SETTING (ports, names where addresses are needed, no password),
 * LIMIT (too many servers), UNSUPPORTED (TURN over TLS). Never a password. */
gboolean via_icewire_check_config (const ViaIceConfig *config, GError **error);
/* RFC 8839 §5.4. Error: SYNTAX. */
gboolean via_icewire_check_credentials (
    const gchar *ufrag, const gchar *pwd, GError **error);
/* An address (not a name) that a peer elsewhere can be reached at: neither
 * link-local nor loopback. */
gboolean via_icewire_is_usable_address (const gchar *text);
/* A relay-only candidate must not show where we are (RFC 8828 §5.2): @text
 * (transfer full) with a related address of zeros. (transfer full) */
gchar *via_icewire_hide_related (gchar *text);
/* TRUE if the environment turned libnice's log on. */
gboolean via_icewire_libnice_logs (void);

G_END_DECLS
