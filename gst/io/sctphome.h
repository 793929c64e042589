/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/sctphome.h – the loop that all SCTP associations of the process belong to,
 * and its clock: usrsctp has one set of timers for all of them.
 */
#pragma once

#include "io/loop.h"

G_BEGIN_DECLS

typedef struct
{
  ViaLoopFunc func; /* time went by */
  gpointer data;
} ViaSctpHomeUser;

/* The home, which stays the same until its last release; NULL: the process is
 * out of descriptors. Any thread. */
ViaLoop *via_sctp_home_acquire (void);
/* After all its users were removed. Any thread. */
void via_sctp_home_release (void);

/* Home thread. @user is told whenever time went by, until it is removed. */
void via_sctp_home_add (ViaSctpHomeUser *user);
void via_sctp_home_remove (ViaSctpHomeUser *user);
/* Something moves: the clock runs finely for a while. */
void via_sctp_home_touch (void);

G_END_DECLS
