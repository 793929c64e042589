/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/common.h – what every element of the pack shares: app-data and
 * tags, the hub's name, the EOS contract.
 */
#pragma once

#include <gst/gst.h>
#include "base/error.h"
#include "io/exchange.h"

G_BEGIN_DECLS

/* Embed in the instance. Any thread; guarded by its own lock. */
typedef struct
{
  GMutex lock;
  gchar *app_data;
  gchar *hub;
  gboolean eos_posted;
  GstStructure *tags; /* NULL: none */
  gchar *subscribe;   /* NULL: all */
  guint64 serial;     /* of what others are told about us */
  GPtrArray *members; /* ViaMember, owned: who tells it in hubs */
} ViaCommon;

void via_common_init (ViaCommon *self, GstElement *element);
void via_common_clear (ViaCommon *self);

/* Property specs, to be installed by the element under its own ids. */
GParamSpec *via_common_app_data_spec (void);
GParamSpec *via_common_hub_spec (void);
/* Refuses (warning naming the rule, old value stays) text that is not UTF-8 or
 * over 64 KiB; notifies on change. */
void via_common_set_app_data (
    ViaCommon *self, GObject *object, const gchar *value);
void via_common_set_hub (ViaCommon *self, const gchar *value);
gchar *via_common_get_app_data (ViaCommon *self); /* (transfer full) */
gchar *via_common_get_hub (ViaCommon *self);      /* (transfer full) */

/* --- tags (and subscribe): endpoints/common-tags.c --- */

#define VIA_COMMON_TAGS_MAX 64       /* tags of one element */
#define VIA_COMMON_TAG_KEY_MAX 64    /* bytes */
#define VIA_COMMON_TAG_TEXT_MAX 4096 /* bytes of a string */

/* class_init: property `tags`, actions `add-tag`, `get-tag`, `remove-tag`; with
 * @may_subscribe property `subscribe`. */
void via_common_install_tags (GObjectClass *klass, gboolean may_subscribe);
/* FALSE: not one of those properties. */
gboolean via_common_set_tag_property (
    ViaCommon *self, GObject *object, guint id, const GValue *value);
gboolean via_common_get_tag_property (ViaCommon *self, guint id, GValue *value);
/* Adds "app-data" and, if there are any, "tags". */
void via_common_describe (ViaCommon *self, GstStructure *out);

/* Who we are, for via_exchange_join_as; free with via_common_who_clear. */
typedef struct
{
  ViaMemberWho who;
  gchar *name, *app_data, *subscribe;
  GstStructure *tags;
} ViaCommonWho;
void via_common_who (ViaCommon *self, GstElement *element, ViaCommonWho *out);
void via_common_who_clear (ViaCommonWho *self);
/* @member, which joined with the above, is told of every change from now on,
 * until _absent; NULL does nothing. Any thread. */
void via_common_present (ViaCommon *self, ViaMember *member);
void via_common_absent (ViaCommon *self, ViaMember *member);
/* app-data, tags or subscribe changed: tells them all. */
void via_common_changed (ViaCommon *self);

/* What an element of ours shares with all; NULL: it is none. */
ViaCommon *via_common_of (GObject *element);

/* Posts an element message @structure with "element", "app-data" and, if there
 * are any, "tags" added.
 * @structure: (transfer full). Not on a loop thread (use via_app_post). */
void via_common_post (
    ViaCommon *self, GstElement *element, GstStructure *structure);

/* TRUE if a source pad of @element is linked, or somebody waits for one: pads
 * come only once a peer sends, and who waits for them (a parsed line, an
 * application) must not wait for preroll before that. Then it is live: PAUSED
 * gives NO_PREROLL. */
gboolean via_common_is_source (GstElement *element);

/* --- EOS contract (docs/architecture.md §1), for direct subclasses of GstBin
 * that called via_common_init --- */

/* class_init: send_event turns an EOS from the application into the element's,
 * handle_message swallows the children's. */
void via_eos_init_class (GstBinClass *klass);
/* instance_init: suppresses and sets SOURCE and SINK flags. */
void via_eos_init_bin (GstBin *bin);
/* What an element with a send_event or handle_message of its own chains up
 * to. */
gboolean via_eos_send_event (GstElement *element, GstEvent *event);
void via_eos_handle_message (GstBin *bin, GstMessage *message);
/* Posts the element's EOS, exactly once until via_eos_reset. */
void via_eos_post (ViaCommon *self, GstElement *element);
/* READY→PAUSED and on a flush: EOS may be posted again. */
void via_eos_reset (ViaCommon *self);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaCommonWho, via_common_who_clear)
