/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/soupclient.c – what our clients of libsoup have in common.
 */
#include "http/soupclient.h"

#include <string.h>

#include "base/secret.h"
#include "http/dial.h"
#include "http/server.h"

SoupSession *
via_soup_client_new (const gchar *ca_file, GError **error)
{
  g_autoptr (GTlsDatabase) authorities = NULL;
  g_autoptr (GError) reason = NULL;
  SoupSession *session;

  if (!via_http_server_check (error))
    return NULL;
  if (ca_file != NULL) {
    authorities = g_tls_file_database_new (ca_file, &reason);
    if (authorities == NULL) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "signaling-tls-ca=%s: %s", ca_file, reason->message);
      return NULL;
    }
  }
  session = soup_session_new_with_options ("max-conns-per-host", 6, NULL);
  soup_session_set_user_agent (session, "gst-via ");
  soup_session_set_timeout (session, 0); /* our users have their own */
  if (authorities != NULL)
    soup_session_set_tls_database (session, authorities);
  return session;
}

void
via_soup_client_free (SoupSession *session, const guint *n_pending)
{
  GMainContext *context = g_main_context_get_thread_default ();

  soup_session_abort (session);
  while (*n_pending > 0)
    g_main_context_iteration (context, TRUE);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_object_unref (session);
}

void
via_soup_client_authorize (
    SoupMessageHeaders *headers, GUri *uri, const gchar *token)
{
  VIA_SECRET gchar *value = NULL;

  if (token != NULL) {
    value = g_strconcat ("Bearer ", token, NULL);
  } else if (g_uri_get_userinfo (uri) != NULL) {
    VIA_SECRET gchar *plain =
        g_uri_unescape_string (g_uri_get_userinfo (uri), NULL);
    VIA_SECRET gchar *coded =
        plain != NULL ? g_base64_encode ((const guchar *) plain, strlen (plain))
                      : NULL;

    if (coded == NULL)
      return;
    value = g_strconcat ("Basic ", coded, NULL);
  } else {
    return;
  }
  soup_message_headers_replace (headers, "Authorization", value);
}

guint
via_soup_client_status (const GError *error)
{
  return g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)
             ? VIA_DIAL_UNTRUSTED
             : 0;
}
