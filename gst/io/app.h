/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/app.h – the via-app thread: where signals, notify and bus messages come
 * from. Applications may block here; loops never wait for it.
 */
#pragma once

#include "io/loop.h"

G_BEGIN_DECLS

/* One thread per process, started by the first acquire, joined by the last
 * release (from via-app itself: joined later, without waiting). Any thread. */
void via_app_acquire (void);
void via_app_release (void);
/* Runs @func on via-app, in order of posting. Needs an acquire. Any thread. */
void via_app_post (ViaLoopFunc func, gpointer data, GDestroyNotify destroy);
gboolean via_app_is_current (void);
/* Waits until everything posted before is done; returns at once on via-app. */
void via_app_flush (void);

G_END_DECLS
