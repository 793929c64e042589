/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_data.c – the data channels of a session: what happens on
 * the SCTP home is told its owner, at once and by notices.
 * RFC 8831
 */
#include "endpoints/session-private.h"

/* Of what waits for the application: from then on the far end has to wait, and
 * until that little is left. */
#define UNHEARD_MAX (4 << 20)
#define UNHEARD_LOW (1 << 20)
#define NOTICE_COST 1024 /* bytes of one, beside its message */

/* --- the SCTP home --- */

static void
tell_now (ViaSession *self, ViaSessionChannelNews what,
    const ViaChannelInfo *info, gboolean is_text, GBytes *message)
{
  if (self->funcs.channel_now != NULL)
    self->funcs.channel_now (self->user, what, info, is_text, message);
}

static ViaSessionNotice *
notice_of (ViaSession *self, guint type, const ViaChannelInfo *info)
{
  ViaSessionNotice *notice = via_session_notice_new (self, type);

  via_channels_info_copy (&notice->channel, info);
  return notice;
}

/* @notice: (transfer full). A handler that takes its time holds the peer. */
static void
post (ViaSession *self, ViaSessionNotice *notice)
{
  gint weight = NOTICE_COST;

  if (notice->message != NULL)
    weight += (gint) g_bytes_get_size (notice->message);
  notice->weight = weight;
  if (g_atomic_int_add (&self->n_unheard, weight) + weight > UNHEARD_MAX)
    via_datalink_hold (self->data);
  via_session_notice_post (notice);
}

void
via_session_data_heard (ViaSession *self, gint weight)
{
  gint before = g_atomic_int_add (&self->n_unheard, -weight);

  if (before >= UNHEARD_LOW && before - weight < UNHEARD_LOW)
    via_datalink_resume (self->data);
}

static void
on_opened (gpointer user, const ViaChannelInfo *info)
{
  ViaSession *self = user;

  tell_now (self, VIA_SESSION_CHANNEL_OPENED, info, FALSE, NULL);
  if (self->funcs.channel_opened != NULL)
    post (self, notice_of (self, NOTICE_CHANNEL_OPENED, info));
}

/* What a peer says in a hub all others there hear. */
static void
give_room (ViaSession *self, const ViaChannelInfo *info, gboolean is_text,
    GBytes *message)
{
  const ViaRoomMessage said = {info->label, info->protocol, is_text, message};
  ViaMember *member = g_atomic_pointer_get (&self->hub.member);

  if (member != NULL)
    via_member_send_data (member, NULL, &said);
}

static void
on_message (gpointer user, const ViaChannelInfo *info, gboolean is_text,
    GBytes *message)
{
  ViaSession *self = user;
  ViaSessionNotice *notice;

  tell_now (self, VIA_SESSION_CHANNEL_MESSAGE, info, is_text, message);
  give_room (self, info, is_text, message);
  if (self->funcs.wants_messages == NULL
      || !self->funcs.wants_messages (self->user))
    return;
  notice = notice_of (self, NOTICE_CHANNEL_MESSAGE, info);
  notice->is_text = is_text;
  notice->message = g_bytes_ref (message);
  post (self, notice);
}

static void
on_low (gpointer user, const ViaChannelInfo *info)
{
  ViaSession *self = user;

  if (self->funcs.channel_low != NULL)
    post (self, notice_of (self, NOTICE_CHANNEL_LOW, info));
}

static void
on_closed (gpointer user, const ViaChannelInfo *info, const gchar *why)
{
  ViaSession *self = user;
  ViaSessionNotice *notice;

  gboolean is_replaced = g_atomic_int_get (&self->is_replaced);

  if (!is_replaced) /* what is at its place has the pads */
    tell_now (self, VIA_SESSION_CHANNEL_CLOSED, info, FALSE, NULL);
  if (self->funcs.channel_closed == NULL)
    return;
  notice = notice_of (self, NOTICE_CHANNEL_CLOSED, info);
  notice->text = g_strdup (why);
  notice->is_last = is_replaced;
  post (self, notice);
}

static void
on_refused (gpointer user, const gchar *label)
{
  ViaSession *self = user;
  ViaSessionNotice *notice;

  if (self->funcs.channel_refused == NULL)
    return;
  notice = via_session_notice_new (self, NOTICE_CHANNEL_REFUSED);
  notice->text = g_strdup (label);
  via_session_notice_post (notice);
}

static const ViaDataLinkFuncs link_funcs = {
    .opened = on_opened,
    .message = on_message,
    .low = on_low,
    .closed = on_closed,
    .refused = on_refused,
};

/* --- any thread --- */

void
via_session_data_take (gpointer door, const ViaRoomMessage *message)
{
  const ViaSession *self = ((ViaSessionDoor *) door)->session;

  if (self->data != NULL)
    via_datalink_post_label (self->data, message->label, message->protocol,
        message->is_text, message->message);
}

void
via_session_data_open (ViaSession *self)
{
  if (via_datalink_is_possible ())
    self->data = via_datalink_new (self->loop, &link_funcs, self);
  if (self->data != NULL)
    via_datalink_ref (self->data);
}

void
via_session_data_close (ViaSession *self)
{
  if (self->data != NULL)
    via_datalink_free (self->data); /* its memory stays until the session's */
}

void
via_session_replaced (ViaSession *self)
{
  g_atomic_int_set (&self->is_replaced, TRUE);
  if (self->data != NULL)
    via_datalink_end (self->data, "the call was made anew");
}

ViaDataLink *
via_session_data (const ViaSession *self)
{
  return self->data;
}

/* Loop thread. */
static void
ask_want_data (gpointer data)
{
  ViaSessionAsk *question = data;
  ViaSession *self = question->self;

  if (self->wants_data)
    return;
  self->wants_data = TRUE;
  via_session_wish_check (self);
}

gboolean
via_session_want_data (ViaSession *self, GError **error)
{
  ViaSessionAsk question = {0};

  if (self->data == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "there are no data channels: the plugin was built without usrsctp");
    return FALSE;
  }
  via_session_ask (self, ask_want_data, &question, NULL);
  return TRUE;
}
