/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/configprops.h – properties that files and the environment may set:
 * applied when an element is made, before anybody else can set them, so that a
 * property that is set always wins and reading back shows what holds.
 * Property `effective-config` tells where each value came from.
 * docs/configuration.md
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* @spec may be set by files and environment. (transfer none) of @spec. */
GParamSpec *via_configprops_may_set (GParamSpec *spec);

/* At the end of class_init of an element, after all properties are installed:
 * adds `effective-config` and, around set_property and get_property of the
 * class, the note of where values come from. @element: its factory's name. */
void via_configprops_install (GObjectClass *klass, const gchar *element);

/* @child's values were copied from @from: so were their origins. */
void via_configprops_inherit (GObject *child, GObject *from);

/* A property refuses a value: g_warning, or, while a file or the environment
 * sets it, part of a warning that names the place. Any thread. */
void via_configprops_refuse (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

G_END_DECLS
