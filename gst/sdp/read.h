/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/read.h – SDP text as bounded values, before anything is decided on it.
 * Inside gst/sdp and its tests only. Pure, O(n), no recursion, no locale.
 * RFC 8866 · RFC 8839 §5 · RFC 8122 §5 · RFC 8285 §5 · RFC 5576 · RFC 8851
 */
#pragma once

#include "sdp/plan.h"

G_BEGIN_DECLS

#define VIA_SDP_MAX_BYTES (128 * 1024)
#define VIA_SDP_MAX_LINES 2000
#define VIA_SDP_MAX_LINE 4096 /* bytes, without the line end */
#define VIA_SDP_MAX_MEDIA VIA_PLAN_MAX_MEDIA
#define VIA_SDP_MAX_CODECS 64       /* per m-line */
#define VIA_SDP_MAX_EXTS 32         /* per m-line */
#define VIA_SDP_MAX_SOURCES 64      /* SSRCs per m-line */
#define VIA_SDP_MAX_RIDS 16         /* per m-line */
#define VIA_SDP_MAX_FINGERPRINTS 16 /* per section */
#define VIA_SDP_MAX_CANDIDATES 100  /* per m-line; more are passed over */
#define VIA_SDP_MAX_TOKEN 256       /* mid, rid, msid part: bytes */

typedef enum
{
  VIA_SDP_SETUP_ABSENT,
  VIA_SDP_SETUP_ACTPASS,
  VIA_SDP_SETUP_ACTIVE,
  VIA_SDP_SETUP_PASSIVE,
  VIA_SDP_SETUP_HOLDCONN,
} ViaSdpSetup;

/* What may stand at session or media level. */
typedef struct
{
  gchar *ufrag, *pwd;   /* (nullable) */
  GArray *fingerprints; /* ViaFingerprint, of hashes we know */
  guint n_weak;         /* fingerprints of other hashes */
  ViaSdpSetup setup;
  gint direction; /* ViaDirection as they see it; -1: not given */
  gboolean is_ice_lite;
  gboolean is_mixed; /* a=extmap-allow-mixed */
  gboolean has_end_of_candidates;
  GPtrArray *candidates; /* gchar* "candidate:…" */
} ViaSdpSection;

typedef struct
{
  guint8 pt;
  ViaCodecId id;        /* UNKNOWN: none of ours, or other parameters */
  gchar *name;          /* (nullable): no rtpmap and not static */
  guint32 clock_rate;   /* Hz */
  guint channels;       /* 1 if not given */
  gchar *fmtp;          /* (nullable) */
  gint apt;             /* rtx: the payload type it repairs; else -1 */
  ViaFeedback feedback; /* its own and the wildcard's */
} ViaSdpCodec;

typedef struct
{
  guint id;
  gchar *uri;
  ViaExt ext;
  ViaDirection direction; /* as they see it */
} ViaSdpExt;

typedef struct
{
  guint line; /* number of its m= line, from 1 */
  ViaKind kind;
  gchar *media, *protocol, *format; /* @format: the first one */
  guint16 port;
  gboolean is_refused; /* port 0 and not bundle-only */
  gboolean is_rtp;     /* DTLS-SRTP by its protocol */
  gboolean is_bundle_only, is_rtcp_mux, is_reduced_size;
  gchar *mid; /* (nullable) */
  ViaSdpSection section;
  GArray *codecs;  /* ViaSdpCodec, in the order of the m-line */
  GArray *exts;    /* ViaSdpExt */
  GArray *sources; /* ViaPlanSource, repair streams folded in */
  GArray *repairs; /* guint32 pairs of ssrc-group FID */
  ViaFeedback wildcard;
  gchar *msid_stream, *msid_track; /* (nullable) */
  GPtrArray *rids;                 /* gchar*, "send" ones */
  guint sctp_port;
  guint64 max_message_size;
} ViaSdpMedia;

typedef struct
{
  ViaSdpSection session;
  GPtrArray *media;   /* ViaSdpMedia* */
  GPtrArray *bundles; /* GPtrArray* of gchar* mids, as listed */
} ViaSdp;

/* @text need not end in NUL. Errors: SYNTAX (no SDP, or a bound broken),
 * REFUSED (two m-lines with one mid, one payload type or extension id for two
 * things, a BUNDLE group that names what is not there). The message names
 * line numbers, never their content. (transfer full) */
ViaSdp *via_sdp_read (const gchar *text, gsize len, GError **error);
void via_sdp_free (ViaSdp *self);

static inline ViaSdpMedia *
via_sdp_media (const ViaSdp *self, guint i)
{
  return i < self->media->len ? g_ptr_array_index (self->media, i) : NULL;
}
/* The group (index into bundles) that lists @mid, or -1. */
gint via_sdp_bundle_of (const ViaSdp *self, const gchar *mid);

/* Between the files of the reader. */

typedef struct
{
  ViaSdp *sdp;
  ViaSdpMedia *media;     /* NULL: still at session level */
  ViaSdpSection *section; /* of @media or of the session */
  gint code;              /* ViaErrorCode of what is returned */
} ViaSdpCursor;

/* One a= line, @value "" without a colon. Returns what is wrong, NULL if
 * nothing; unknown attributes are passed over. */
const gchar *via_sdp_attr_take (
    ViaSdpCursor *at, const gchar *name, const gchar *value);
/* The same for what only an m-line has. */
const gchar *via_sdp_attr_take_rtp (
    ViaSdpCursor *at, const gchar *name, const gchar *value);
/* What can be said of @media only after its last line. */
const gchar *via_sdp_attr_finish (ViaSdpMedia *media);
/* What no two m-lines may share. */
gboolean via_sdp_check (const ViaSdp *self, GError **error);
/* Decimal digits only, up to @max (at most G_MAXINT64). */
gboolean via_sdp_number (const gchar *text, guint64 max, guint64 *out);
/* Visible ASCII, 1 to VIA_SDP_MAX_TOKEN bytes. */
gboolean via_sdp_is_token (const gchar *text);
/* The start of @value up to a space; @out_rest is what follows, "" if
 * nothing. (transfer full) */
gchar *via_sdp_word (const gchar *value, const gchar **out_rest);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSdp, via_sdp_free)
