/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan.h – what offer and answer agreed on, as one value.
 * Pure: (local wishes × remote SDP × role) → plan. A second step, elsewhere,
 * applies it. RFC 3264 · RFC 8843 (BUNDLE) · RFC 9429 §5 (JSEP) · RFC 8829 ·
 * RFC 8122 (fingerprint) · RFC 4145 (setup) · RFC 8839 (ICE)
 */
#pragma once

#include <gst/gst.h>
#include "base/error.h"
#include "base/extmap.h"
#include "base/rng.h"
#include "sdp/codec.h"

G_BEGIN_DECLS

#define VIA_PLAN_MAX_MEDIA 64     /* m-lines */
#define VIA_PLAN_MAX_TRANSPORTS 8 /* of a plan; m-lines beyond are rejected */

typedef enum
{
  VIA_DIRECTION_INACTIVE = 0,
  VIA_DIRECTION_SENDONLY = 1,
  VIA_DIRECTION_RECVONLY = 2,
  VIA_DIRECTION_SENDRECV = 3, /* bits: 1 we send, 2 we receive */
} ViaDirection;

typedef enum
{
  VIA_SETUP_ACTPASS,
  VIA_SETUP_ACTIVE,
  VIA_SETUP_PASSIVE,
} ViaSetup;

typedef enum
{
  VIA_FEEDBACK_NACK = 1 << 0,
  VIA_FEEDBACK_PLI = 1 << 1,
  VIA_FEEDBACK_FIR = 1 << 2,
  VIA_FEEDBACK_REMB = 1 << 3,
  VIA_FEEDBACK_TWCC = 1 << 4,
} ViaFeedback;

typedef struct
{
  gchar *hash;       /* "sha-256", lower case */
  guint8 digest[64]; /* bytes */
  gsize len;
} ViaFingerprint;

/* The other side's transport, taken from the BUNDLE-tagged m-line or from one
 * that is not bundled. */
typedef struct
{
  gchar *ufrag, *pwd;
  gboolean is_ice_lite;
  gboolean has_end_of_candidates;
  GArray *fingerprints; /* ViaFingerprint; the strongest known hash counts */
  ViaSetup setup;
  GPtrArray *candidates; /* gchar*: "candidate:…" without "a=" */
} ViaRemoteTransport;

typedef struct
{
  ViaCodec codec; /* fmtp: ours, as it stands in our SDP */
  guint8 pt;
  gint rtx_pt; /* -1: none */
  ViaFeedback feedback;
} ViaPlanCodec;

typedef struct
{
  guint8 id;
  ViaExt ext;
  ViaDirection direction; /* ours; RFC 8285 §5 */
} ViaPlanExt;

typedef struct
{
  guint32 ssrc;
  guint32 rtx_ssrc; /* from ssrc-group FID; 0: none */
  gchar *cname;     /* (nullable) */
} ViaPlanSource;

typedef struct
{
  ViaKind kind;
  gchar *media, *protocol; /* as in the m-line, for rejected ones too */
  gchar *mid;              /* never NULL: made up if the offer has none */
  gboolean is_rejected;    /* port 0 in our answer or theirs */
  gboolean is_bundled;
  gboolean has_rtcp_apart;    /* no rtcp-mux: RTCP has a component of its own */
  ViaRemoteTransport *remote; /* (nullable) of its own transport; else it goes
                               * over the plan's */
  gboolean is_reduced_size;   /* rtcp-rsize agreed */
  ViaDirection direction;     /* ours */
  ViaDirection wish;          /* ours, whatever they agree to */
  gboolean is_ours;           /* we made it, by an offer */
  GArray *codecs;             /* ViaPlanCodec, preferred first */
  GArray *exts;               /* ViaPlanExt agreed */
  /* what we send (when direction has 1); kept while it does not */
  guint32 ssrc, rtx_ssrc; /* rtx_ssrc 0: no RTX */
  gchar *msid_stream, *msid_track;
  /* what they send (when direction has 2) */
  GArray *sources; /* ViaPlanSource announced, may be empty */
  gchar *remote_msid_stream, *remote_msid_track; /* (nullable) */
  GPtrArray *remote_rids;                        /* gchar*, send rids */
  /* m=application */
  guint sctp_port;          /* theirs; 0: not SCTP */
  guint64 max_message_size; /* theirs */
} ViaPlanMedia;

typedef enum
{
  VIA_ROLE_OFFERER,
  VIA_ROLE_ANSWERER,
} ViaRole;

typedef struct _ViaPlan ViaPlan;
struct _ViaPlan
{
  ViaRole role;         /* ours */
  gboolean is_complete; /* FALSE: our offer without an answer yet */
  guint64 session_id;   /* of our o= line */
  guint64 session_version;
  gchar *cname;
  ViaSetup setup;             /* ours */
  ViaSetup agreed_setup;      /* of the running call; ACTPASS: none runs */
  ViaRemoteTransport *remote; /* shared; NULL until the other side spoke */
  gboolean restarts_ice;      /* new credentials on both sides */
  guint next_mid;             /* no m-line ever had it or a higher one */
  GPtrArray *media;           /* ViaPlanMedia*, in m-line order */
  gboolean is_mixed;          /* a=extmap-allow-mixed, RFC 8285 §6 */
};

/* What we want. */
typedef struct
{
  const ViaCodecId *audio_codecs; /* preferred first */
  guint n_audio_codecs;
  const ViaCodecId *video_codecs;
  guint n_video_codecs;
  ViaDirection direction; /* the most we do per m-line, e.g. SENDONLY */
  guint n_audio, n_video; /* m-lines to offer (offerer only) */
  ViaSetup setup;         /* ACTPASS: answer passive, offer actpass */
  gboolean data;          /* take m=application; else reject it */
  const gchar *stream_id; /* msid of our media; (nullable): made up */
} ViaPlanLocal;

/* One m-line as we want it. */
typedef struct
{
  ViaKind kind;
  ViaDirection direction;
  const gchar *mid; /* of one that is there; NULL: a new one */
} ViaPlanWish;

/* The answer to @offer (SDP text). Codecs: every common one is kept, in our
 * order, with the offer's payload types; only codecs, extensions and feedback
 * the offer has. m-lines keep their order; one we cannot take is rejected; one
 * outside of BUNDLE gets a transport of its own, but the first.
 * Errors: SYNTAX (not SDP, a bound broken), REFUSED (no or only weak
 * fingerprint, no ICE credentials, bad setup, rtcp-mux missing in a bundle,
 * duplicate mid), UNSUPPORTED (no usable m-line). (transfer full) (nullable) */
ViaPlan *via_plan_answer (
    const ViaPlanLocal *local, const gchar *offer, ViaRng *rng, GError **error);
/* The same in a call that runs by @current (complete): kept m-lines keep what
 * is ours. Errors also: REFUSED (m-lines fewer or of another kind or mid, a
 * changed certificate or DTLS role, ICE of one transport alone restarted). */
ViaPlan *via_plan_reanswer (const ViaPlan *current, const ViaPlanLocal *local,
    const gchar *offer, ViaRng *rng, GError **error);
/* (transfer full) */
ViaPlan *via_plan_offer (const ViaPlanLocal *local, ViaRng *rng);
/* Our next offer: @current (complete; NULL: the first) made what @wishes say.
 * Kept m-lines keep their mid, SSRCs, payload types and extension ids; one
 * that no wish names is stopped; a new one takes the place of a rejected one,
 * else the end. Errors: STATE (@current is not complete), SETTING (a wish names
 * no live m-line of its kind, or two name one), LIMIT (over 64 m-lines). */
ViaPlan *via_plan_reoffer (const ViaPlan *current, const ViaPlanLocal *local,
    const ViaPlanWish *wishes, guint n_wishes, gboolean restarts_ice,
    ViaRng *rng, GError **error);
/* Our @offer with what @answer accepted; @offer stays as it was. */
ViaPlan *via_plan_accept (
    const ViaPlan *offer, const gchar *answer, GError **error);

ViaPlan *via_plan_copy (const ViaPlan *self);
/* What of a complete @self goes over the transport of m-line @mline alone, or,
 * if that is -1, over the shared one: all else is rejected. (transfer full) */
ViaPlan *via_plan_part (const ViaPlan *self, gint mline);
void via_plan_free (ViaPlan *self);
static inline ViaPlanMedia *
via_plan_media (const ViaPlan *self, guint i)
{
  return i < self->media->len ? g_ptr_array_index (self->media, i) : NULL;
}
/* First codec of @media that a track of @codec can be sent as, or NULL. */
const ViaPlanCodec *via_plan_media_match (
    const ViaPlanMedia *media, const ViaCodec *codec);
/* The telephone-event that goes beside a codec of @clock_rate, or NULL. */
const ViaPlanCodec *via_plan_media_event (
    const ViaPlanMedia *media, guint32 clock_rate);
/* The strongest fingerprint hash we know in @remote, or NULL. */
const ViaFingerprint *via_remote_transport_fingerprint (
    const ViaRemoteTransport *remote);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPlan, via_plan_free)
