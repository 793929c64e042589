/* SPDX-License-Identifier: LGPL-2.1-or-later
 * igd_stub.c – stands for libgupnp-igd in programs with libsoup 2.4: Debian's
 * libnice brings libsoup 3 through it, and two libsoups end the process.
 * Nothing is forwarded by any router.
 */
#include <stddef.h>

size_t gupnp_simple_igd_get_type (void);
void *gupnp_simple_igd_thread_new (void);
void gupnp_simple_igd_add_port (void);
void gupnp_simple_igd_remove_port_local (void);

size_t
gupnp_simple_igd_get_type (void)
{
  return 80; /* G_TYPE_OBJECT */
}

void *
gupnp_simple_igd_thread_new (void)
{
  return NULL;
}

void
gupnp_simple_igd_add_port (void)
{
}

void
gupnp_simple_igd_remove_port_local (void)
{
}
