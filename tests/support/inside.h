/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/inside.h – does something inside a signal, once, and waits
 * until the handler has returned.
 */
#pragma once

#include <gst/gst.h>

#include "handlers.h"

/* What is done the first time the signal comes. */
typedef struct
{
  void (*act) (GstElement *endpoint, GstElement *other, GstElement *whole);
  GstElement *other; /* the far end */
  GstElement *whole; /* what is stopped */
  gint n;            /* atomic: how often it came */
  gint is_done;      /* atomic: the first handler returned */
  GObject *object;   /* owned: whose signal it is */
  Handlers handlers;
} Inside;

/* @signal: also "notify::…", and "authorize", which is allowed. */
void inside_connect (Inside *self, gpointer object, const gchar *signal);
/* 60 s at most. */
void inside_wait (Inside *self, const gchar *signal);
/* Nothing is done inside any more, and no handler runs. */
void inside_end (Inside *self);

/* --- to be done (act) --- */

/* Everything to NULL. */
void inside_stop (GstElement *element, GstElement *other, GstElement *whole);
/* Each action that every element has. */
void inside_try_tags (
    GstElement *element, GstElement *other, GstElement *whole);
/* Each action of a webrtcendpoint; what it does changes the call for nobody. */
void inside_try_all (
    GstElement *endpoint, GstElement *other, GstElement *whole);
/* Those, until NULL. */
extern const gchar *const inside_actions[];
