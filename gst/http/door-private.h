/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/door-private.h – what the files of http/door share.
 */
#pragma once

#include "http/door.h"

G_BEGIN_DECLS

struct _ViaDoor
{
  GSocket *socket;
  guint port;
  gboolean is_loopback; /* what it listens on */
  SoupServer *soup;     /* (unowned) */
  GTlsCertificate *certificate;
  const ViaGate *gate; /* (unowned) */
  ViaDoorCheck check;
  gpointer user;
  GMainContext *context;
  GCancellable *cancellable;
  GHashTable *conns; /* ViaDoorConn*, one reference each */
  GSource *waiting;  /* (nullable) for the next, or after an error */
};

/* One TCP connection. Freed when libsoup has dropped the stream. */
typedef struct _ViaDoorGuest
{
  gatomicrefcount refs;
  ViaDoor *door; /* NULL once it stopped */
  GMainContext *context;
  GSocket *socket;
  GIOStream *stream; /* (unowned) what libsoup reads; TLS or the socket's */
  gchar *household;  /* see http/limits.h */
  gboolean is_closing;
  gboolean is_waited_for;     /* the request is not whole yet */
  gsize n_head;               /* bytes of its head that came */
  gint64 since;               /* µs, monotonic */
  SoupServerMessage *message; /* (unowned) whose body comes in now */
  GIOStream *refused;         /* taken from libsoup; being drained */
  gsize drained;
  GSource *timer;
} ViaDoorConn;

/* door.c */
ViaDoorConn *via_door_conn_ref (ViaDoorConn *conn);
void via_door_conn_unref (gpointer conn);
/* libsoup sees the end of the stream and lets go of it. */
void via_door_conn_kill (ViaDoorConn *conn);
void via_door_conn_deadline (ViaDoorConn *conn, guint ms);

/* door_refuse.c */
/* Answers with the headers @more and @reply, and ends: what still comes in is
 * dropped for a moment, so that the answer is not lost to a reset. */
void via_door_finish (
    ViaDoorConn *conn, const gchar *more, const ViaReply *reply);
/* Takes the connection from libsoup, which would read the whole body first,
 * and answers on it. */
void via_door_refuse (
    ViaDoorConn *conn, SoupServerMessage *message, const ViaReply *reply);
void via_door_refuse_problem (ViaDoorConn *conn, SoupServerMessage *message,
    guint status, const gchar *detail);
/* 408, to who sent a part; silence is answered by silence. */
void via_door_refuse_late (ViaDoorConn *conn);

G_END_DECLS
