/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-signals.c – webrtcserver asks the application who may
 * enter. On via-app.
 */
#include "endpoints/webrtcserver-private.h"

static guint authorize_signal;

static const gchar *
name_of (ViaWishRole role)
{
  return role == VIA_WISH_PUBLISH ? "publish" : "watch";
}

static GstStructure *
describe (const ViaPeersGuest *guest)
{
  return gst_structure_new ("via-authorize", "role", G_TYPE_STRING,
      name_of (guest->role), "stream", G_TYPE_STRING, guest->stream, "app-data",
      G_TYPE_STRING, guest->app_data, "address", G_TYPE_STRING, guest->address,
      "token", G_TYPE_STRING, guest->token, NULL);
}

/* Nobody asks: everybody may. One who says nothing says no. */
gboolean
via_webrtc_server_authorize (
    gpointer user, const ViaPeersGuest *guest, gchar **app_data, GError **error)
{
  ViaWebrtcServer *self = user;
  g_autoptr (GstStructure) request = NULL;
  g_autoptr (GstStructure) verdict = NULL;
  gboolean is_allowed = TRUE;
  const gchar *role, *text;

  if (!g_signal_has_handler_pending (self, authorize_signal, 0, FALSE))
    return TRUE;
  request = describe (guest);
  g_signal_emit (self, authorize_signal, 0, request, &verdict);
  if (verdict == NULL
      || (gst_structure_get_boolean (verdict, "allow", &is_allowed)
          && !is_allowed)) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SETTING,
        "The application does not let this one in");
    return FALSE;
  }
  role = gst_structure_get_string (verdict, "role");
  if (role != NULL && g_strcmp0 (role, name_of (guest->role))) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "The application lets this one in to %s only", role);
    return FALSE;
  }
  text = gst_structure_get_string (verdict, "app-data");
  if (text != NULL) {
    g_free (*app_data);
    *app_data = g_strdup (text);
  }
  return TRUE;
}

void
via_webrtc_server_install_signals (GObjectClass *klass)
{
  /* Before a viewer or publisher begins: what it asks for; the handler returns
   * a structure with allow, app-data and role, all optional, or NULL: no. */
  authorize_signal = g_signal_new ("authorize", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, GST_TYPE_STRUCTURE, 1,
      GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}
