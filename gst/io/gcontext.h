/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/gcontext.h – a GMainContext that turns inside a loop.
 * Its thread holds the context for life. Loop thread only. Knows no ICE.
 */
#pragma once

#include "io/loop.h"

G_BEGIN_DECLS

typedef struct _ViaGContext ViaGContext;

ViaGContext *via_gcontext_new (ViaLoop *loop);
/* Not while it dispatches. */
void via_gcontext_free (ViaGContext *self);

GMainContext *via_gcontext_main_context (ViaGContext *self);
/* Around every call to what lives in the context: it is the thread's default
 * between the two, and _leave hands new descriptors and times to the loop. */
void via_gcontext_enter (ViaGContext *self);
void via_gcontext_leave (ViaGContext *self);

/* Calls @func when the context's own descriptor @fd takes bytes again, until
 * set again; NULL: no more. */
void via_gcontext_on_writable (
    ViaGContext *self, gint fd, ViaLoopFunc func, gpointer data);

G_END_DECLS
