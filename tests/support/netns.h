/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/netns.h – a network of the test's own, gone with it.
 */
#pragma once

/* Call first in main, before any thread: from then on the process has only
 * loopback and a veth pair, v0 with 192.0.2.1/24 and v1 with 192.0.2.2/24 (ICE
 * ignores loopback). Works as root, or where user namespaces may be made; else
 * prints the TAP plan of a skipped test and ends the process. */
void via_test_enter_netns (void);
