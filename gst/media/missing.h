/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/missing.h – which Debian package has a missing element.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Makes @factory (name: nullable), or posts on @owner one missing-plugin
 * message (gst_missing_element_message_new) and one GST_ELEMENT_ERROR
 * (CORE, MISSING_PLUGIN) "needs element X for PURPOSE: install package P", and
 * returns NULL. (transfer floating) */
GstElement *via_media_make (GstElement *owner, const gchar *factory,
    const gchar *name, const gchar *purpose);
/* TRUE if @factory is in the registry. */
gboolean via_media_have (const gchar *factory);
/* Debian package that ships @factory, or NULL if we do not know. Static. */
const gchar *via_media_package (const gchar *factory);

G_END_DECLS
