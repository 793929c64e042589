/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/error.h – the GError domain of the whole pack.
 * Set-up faults only; wire input is dropped and counted (base/drop.h).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_ERROR (via_error_quark ())
GQuark via_error_quark (void);

typedef enum
{
  VIA_ERROR_SYNTAX,      /* text or bytes that are not what they must be */
  VIA_ERROR_UNSUPPORTED, /* well formed, but not something we do */
  VIA_ERROR_REFUSED,     /* against a rule of security or of the protocol */
  VIA_ERROR_STATE,       /* not now: the call does not fit the state */
  VIA_ERROR_SETTING,     /* a property or configuration value is wrong */
  VIA_ERROR_LIMIT,       /* a bound was reached */
  VIA_ERROR_CRYPTO,      /* OpenSSL or libsrtp2 failed */
  VIA_ERROR_IO,          /* sockets, files, ICE agent */
  VIA_ERROR_NOT_FOUND,   /* a named thing does not exist */
} ViaErrorCode;

G_END_DECLS
