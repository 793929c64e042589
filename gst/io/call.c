/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/call.c – which leg carries what. Decides nothing. Loop thread only.
 */
#include "io/call.h"

#include <string.h>

/* What it carries: an m-line, or for the first whatever has no leg of its own;
 * media, or RTCP alone. */
typedef struct
{
  ViaCall *call;
  ViaLeg *leg;
  gint mline; /* -1: the first */
  gboolean is_reports;
  gboolean is_gathered; /* to the end */
} Limb;

struct _ViaCall
{
  ViaLoop *loop;
  ViaCallFuncs funcs;
  gpointer user;
  GPtrArray *limbs; /* Limb, the first always there */
  guint mline;      /* where the first one stands in SDP */
  gboolean is_gathering;
  ViaConnectionState state; /* as told */
  ViaDataLink *data;        /* (nullable) not owned */
};

static Limb *
limb_at (const ViaCall *self, guint i)
{
  return g_ptr_array_index (self->limbs, i);
}

static ViaLeg *
first (const ViaCall *self)
{
  return limb_at (self, 0)->leg;
}

/* (nullable) One that is there for it alone. */
static Limb *
find (const ViaCall *self, guint mline, gboolean is_reports)
{
  for (guint i = 1; i < self->limbs->len; i++)
    if (limb_at (self, i)->mline == (gint) mline
        && limb_at (self, i)->is_reports == is_reports)
      return limb_at (self, i);
  return NULL;
}

static Limb *
limb_of (const ViaCall *self, guint mline)
{
  Limb *own = find (self, mline, FALSE);

  return own != NULL ? own : limb_at (self, 0);
}

static ViaLeg *
leg_of (const ViaCall *self, guint mline)
{
  return limb_of (self, mline)->leg;
}

/* --- components: each of ours thinks it is the first --- */

/* @text with its component, the second word, replaced. (transfer full)
 * (nullable): it was not @from. */
static gchar *
change_component (const gchar *text, gchar from, gchar to)
{
  const gchar *space = strchr (text, ' ');
  gchar *changed;

  if (space == NULL || space[1] != from || space[2] != ' ')
    return NULL;
  changed = g_strdup (text);
  changed[space + 1 - text] = to;
  return changed;
}

/* Of @candidates, if any, those of the second component, as of the first. */
static void
keep_reports (GPtrArray *candidates)
{
  for (guint i = candidates->len; i-- > 0;) {
    gchar *text =
        change_component (g_ptr_array_index (candidates, i), '2', '1');

    if (text == NULL) {
      g_ptr_array_remove_index (candidates, i);
      continue;
    }
    g_free (candidates->pdata[i]);
    candidates->pdata[i] = text;
  }
}

/* --- what legs tell --- */

static void
on_candidate (gpointer user, const gchar *candidate)
{
  const Limb *limb = user;
  ViaCall *self = limb->call;
  g_autofree gchar *text =
      limb->is_reports ? change_component (candidate, '1', '2') : NULL;

  if (self->funcs.candidate)
    self->funcs.candidate (self->user,
        limb->mline >= 0 ? (guint) limb->mline : self->mline,
        text != NULL ? text : candidate);
}

static void
on_gathering (gpointer user)
{
  Limb *limb = user;

  limb->is_gathered = FALSE;
  if (limb->mline < 0 && limb->call->funcs.gathering)
    limb->call->funcs.gathering (limb->call->user);
}

static gboolean
is_gathered (const ViaCall *self)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (!limb_at (self, i)->is_gathered)
      return FALSE;
  return TRUE;
}

static void
on_gathering_done (gpointer user)
{
  Limb *limb = user;
  ViaCall *self = limb->call;

  limb->is_gathered = TRUE;
  if (is_gathered (self) && self->funcs.gathering_done)
    self->funcs.gathering_done (self->user);
}

static void
on_pair (gpointer user, const ViaWirePair *pair)
{
  const Limb *limb = user;

  if (limb->mline < 0 && limb->call->funcs.pair)
    limb->call->funcs.pair (limb->call->user, pair);
}

static void
on_server_failed (
    gpointer user, const gchar *server, guint code, const gchar *text)
{
  const Limb *limb = user;

  if (limb->call->funcs.server_failed)
    limb->call->funcs.server_failed (limb->call->user, server, code, text);
}

static gboolean
has_any (const ViaCall *self, ViaConnectionState state)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (via_leg_state (limb_at (self, i)->leg) == state)
      return TRUE;
  return FALSE;
}

static gboolean
has_only (const ViaCall *self, ViaConnectionState state)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (via_leg_state (limb_at (self, i)->leg) != state)
      return FALSE;
  return TRUE;
}

static ViaConnectionState
state_now (const ViaCall *self)
{
  static const ViaConnectionState any[] = {VIA_CONNECTION_FAILED,
      VIA_CONNECTION_CLOSED, VIA_CONNECTION_DISCONNECTED};

  for (guint i = 0; i < G_N_ELEMENTS (any); i++)
    if (has_any (self, any[i]))
      return any[i];
  if (has_only (self, VIA_CONNECTION_NEW))
    return VIA_CONNECTION_NEW;
  return has_only (self, VIA_CONNECTION_CONNECTED) ? VIA_CONNECTION_CONNECTED
                                                   : VIA_CONNECTION_CONNECTING;
}

static void
follow_state (ViaCall *self)
{
  ViaConnectionState state = state_now (self);

  if (state == self->state)
    return;
  self->state = state;
  if (self->funcs.state)
    self->funcs.state (self->user, state);
}

static void
on_state (gpointer user, ViaConnectionState state)
{
  const Limb *limb = user;

  follow_state (limb->call);
}

static void
on_want_keyframe (gpointer user, guint media)
{
  const Limb *limb = user;

  if (limb->call->funcs.want_keyframe)
    limb->call->funcs.want_keyframe (limb->call->user, media);
}

static void
on_media (gpointer user, const ViaPeerMedia *media)
{
  const Limb *limb = user;

  if (limb->call->funcs.media)
    limb->call->funcs.media (limb->call->user, media);
}

static void
on_gone (gpointer user, guint media, guint32 ssrc)
{
  const Limb *limb = user;

  if (limb->call->funcs.gone)
    limb->call->funcs.gone (limb->call->user, media, ssrc);
}

static void
on_flow (gpointer user, guint media, gboolean is_out, gboolean is_flowing)
{
  const Limb *limb = user;

  if (limb->call->funcs.flow)
    limb->call->funcs.flow (limb->call->user, media, is_out, is_flowing);
}

static void
on_silent (gpointer user)
{
  const Limb *limb = user;

  if (limb->call->funcs.silent)
    limb->call->funcs.silent (limb->call->user);
}

/* --- life --- */

static void
limb_free (gpointer data)
{
  Limb *limb = data;

  via_leg_free (limb->leg);
  g_free (limb);
}

/* NULL with error. */
static Limb *
limb_new (ViaCall *self, const ViaLegConfig *config, gint mline,
    gboolean is_reports, GError **error)
{
  static const ViaLegFuncs funcs = {.candidate = on_candidate,
      .gathering = on_gathering,
      .gathering_done = on_gathering_done,
      .pair = on_pair,
      .server_failed = on_server_failed,
      .state = on_state,
      .want_keyframe = on_want_keyframe,
      .media = on_media,
      .gone = on_gone,
      .flow = on_flow,
      .silent = on_silent};
  Limb *limb = g_new0 (Limb, 1);

  limb->call = self;
  limb->mline = mline;
  limb->is_reports = is_reports;
  limb->leg = via_leg_new (config, &funcs, limb, error);
  if (limb->leg == NULL)
    g_clear_pointer (&limb, g_free);
  return limb;
}

ViaCall *
via_call_new (const ViaLegConfig *config, const ViaCallFuncs *funcs,
    gpointer user, GError **error)
{
  ViaCall *self = g_new0 (ViaCall, 1);
  Limb *limb;

  self->loop = config->loop;
  self->funcs = *funcs;
  self->user = user;
  self->limbs = g_ptr_array_new_with_free_func (limb_free);
  limb = limb_new (self, config, -1, FALSE, error);
  if (limb == NULL) {
    via_call_free (self);
    return NULL;
  }
  g_ptr_array_add (self->limbs, limb);
  return self;
}

/* RTCP says goodbye before the media it is of goes. */
void
via_call_free (ViaCall *self)
{
  if (self == NULL)
    return;
  self->funcs = (ViaCallFuncs){0};
  while (self->limbs->len > 0)
    g_ptr_array_remove_index (self->limbs, self->limbs->len - 1);
  g_ptr_array_unref (self->limbs);
  g_free (self);
}

/* --- negotiation --- */

gboolean
via_call_gather (ViaCall *self, GError **error)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (!via_leg_gather (limb_at (self, i)->leg, error))
      return FALSE;
  self->is_gathering = TRUE;
  return TRUE;
}

/* Both components of an m-line have its credentials (RFC 8839 §5.4). */
static ViaLegConfig
config_of (const ViaCall *self, const ViaLegConfig *config, gint mline,
    gboolean is_reports)
{
  ViaLegConfig own = *config;
  ViaLocalTransport media = {0};

  if (!is_reports)
    return own;
  via_leg_describe (leg_of (self, (guint) mline), &media);
  own.ice.ufrag = media.ufrag;
  own.ice.pwd = media.pwd;
  return own;
}

gboolean
via_call_restart (ViaCall *self, const ViaLegConfig *config, GError **error)
{
  for (guint i = 0; i < self->limbs->len; i++) {
    const Limb *limb = limb_at (self, i);
    ViaLegConfig own = config_of (self, config, limb->mline, limb->is_reports);

    if (!via_leg_restart (limb->leg, &own, error))
      return FALSE;
  }
  return TRUE;
}

void
via_call_roll_back (ViaCall *self)
{
  for (guint i = 0; i < self->limbs->len; i++)
    via_leg_roll_back (limb_at (self, i)->leg);
}

static gboolean
add_limb (ViaCall *self, const ViaLegConfig *config, guint mline,
    gboolean is_reports, GError **error)
{
  ViaLegConfig own;
  Limb *limb;

  if (find (self, mline, is_reports) != NULL)
    return TRUE;
  g_return_val_if_fail (config != NULL, FALSE);
  if (is_reports && config->lite != NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "SDP: a=rtcp-mux is missing (RFC 8834), and one port serves all");
    return FALSE;
  }
  own = config_of (self, config, (gint) mline, is_reports);
  limb = limb_new (self, &own, (gint) mline, is_reports, error);
  if (limb == NULL)
    return FALSE;
  g_ptr_array_add (self->limbs, limb);
  if (is_reports)
    via_leg_set_reports (leg_of (self, mline), limb->leg);
  return !self->is_gathering || via_leg_gather (limb->leg, error);
}

/* The legs @plan asks for, beside those there are. */
static gboolean
add_limbs (ViaCall *self, const ViaLegConfig *config, const ViaPlan *plan,
    GError **error)
{
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if ((media->remote != NULL && !add_limb (self, config, i, FALSE, error))
        || (media->has_rtcp_apart && !add_limb (self, config, i, TRUE, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_wanted (const Limb *limb, const ViaPlan *plan)
{
  const ViaPlanMedia *media;

  if (limb->mline < 0)
    return TRUE;
  media = via_plan_media (plan, (guint) limb->mline);
  return media != NULL
         && (limb->is_reports ? media->has_rtcp_apart : media->remote != NULL);
}

static gboolean
apply_limb (const Limb *limb, const ViaPlan *plan, GError **error)
{
  g_autoptr (ViaPlan) part = via_plan_part (plan, limb->mline);

  if (limb->is_reports)
    keep_reports (part->remote->candidates);
  return via_leg_apply (limb->leg, part, error);
}

/* The channels go over the leg that has their m-line. */
static void
place_data (ViaCall *self, const ViaPlan *plan)
{
  ViaLeg *leg = first (self);

  for (guint i = 0; i < plan->media->len; i++)
    if (via_plan_media (plan, i)->kind == VIA_KIND_DATA
        && !via_plan_media (plan, i)->is_rejected)
      leg = leg_of (self, i);
  for (guint i = 0; i < self->limbs->len; i++)
    if (limb_at (self, i)->leg != leg)
      via_leg_set_data (limb_at (self, i)->leg, NULL);
  if (self->data != NULL)
    via_leg_set_data (leg, self->data);
}

/* RFC 9143 §7.2: candidates stand at the first m-line of a transport. */
static guint
first_mline (const ViaPlan *plan)
{
  for (guint i = 0; i < plan->media->len; i++)
    if (!via_plan_media (plan, i)->is_rejected
        && via_plan_media (plan, i)->remote == NULL)
      return i;
  return 0;
}

/* Those that begin with this plan come first: they may still fail. */
gboolean
via_call_apply (ViaCall *self, const ViaLegConfig *config, const ViaPlan *plan,
    GError **error)
{
  guint n_old = self->limbs->len;
  gboolean is_ok = add_limbs (self, config, plan, error);

  for (guint i = self->limbs->len; is_ok && i-- > 0;)
    if (is_wanted (limb_at (self, i), plan))
      is_ok = self->limbs->len == 1
                  ? via_leg_apply (first (self), plan, error)
                  : apply_limb (limb_at (self, i), plan, error);
  for (guint i = self->limbs->len; i-- > 1;)
    if (is_ok ? !is_wanted (limb_at (self, i), plan) : i >= n_old)
      g_ptr_array_remove_index (self->limbs, i);
  if (!is_ok)
    return FALSE;
  self->mline = first_mline (plan);
  place_data (self, plan);
  follow_state (self);
  return TRUE;
}

gboolean
via_call_add_candidate (
    ViaCall *self, guint mline, const gchar *candidate, GError **error)
{
  Limb *reports = find (self, mline, TRUE);
  gboolean is_end = candidate == NULL || *candidate == '\0';
  g_autofree gchar *text = reports != NULL && !is_end
                               ? change_component (candidate, '2', '1')
                               : NULL;

  if (reports != NULL && (is_end || text != NULL)
      && !via_leg_add_candidate (reports->leg, is_end ? NULL : text, error))
    return FALSE;
  return text != NULL
         || via_leg_add_candidate (leg_of (self, mline), candidate, error);
}

/* --- our side as SDP --- */

typedef struct
{
  ViaLocalTransport transport;
  GPtrArray *both; /* (nullable) candidates of both components, and NULL */
} Side;

static void
side_init (Side *side, const Limb *limb, const Limb *reports)
{
  ViaLocalTransport other = {0};
  const gchar *const *c;

  via_leg_describe (limb->leg, &side->transport);
  if (reports == NULL)
    return;
  via_leg_describe (reports->leg, &other);
  side->both = g_ptr_array_new_with_free_func (g_free);
  for (c = side->transport.candidates; c != NULL && *c != NULL; c++)
    g_ptr_array_add (side->both, g_strdup (*c));
  for (c = other.candidates; c != NULL && *c != NULL; c++)
    g_ptr_array_add (side->both, change_component (*c, '1', '2'));
  g_ptr_array_add (side->both, NULL);
  side->transport.candidates = (const gchar *const *) side->both->pdata;
  side->transport.end_of_candidates &= other.end_of_candidates;
}

gchar *
via_call_describe (ViaCall *self, const ViaPlan *plan)
{
  const ViaLocalTransport *lines[VIA_PLAN_MAX_MEDIA];
  g_autofree Side *sides = g_new0 (Side, plan->media->len + 1);
  gchar *text;

  if (!plan->is_complete)
    via_leg_offered (first (self), plan);
  self->mline = first_mline (plan);
  side_init (&sides[0], limb_at (self, 0), find (self, self->mline, TRUE));
  lines[0] = &sides[0].transport;
  for (guint i = 0; i < plan->media->len; i++) {
    const Limb *own = find (self, i, FALSE);

    if (own != NULL)
      side_init (&sides[i + 1], own, find (self, i, TRUE));
    lines[i] = &sides[own != NULL ? i + 1 : 0].transport;
  }
  text = via_sdp_write_lines (plan, lines);
  for (guint i = 0; i <= plan->media->len; i++)
    g_clear_pointer (&sides[i].both, g_ptr_array_unref);
  return text;
}

/* --- media and data --- */

gboolean
via_call_bind (ViaCall *self, guint media, const ViaCodec *codec)
{
  return via_leg_bind (leg_of (self, media), media, codec);
}

void
via_call_unbind (ViaCall *self, guint media)
{
  via_leg_unbind (leg_of (self, media), media);
}

void
via_call_end (ViaCall *self, guint media)
{
  via_leg_end (leg_of (self, media), media);
}

void
via_call_send (ViaCall *self, guint media, ViaPacket *const *packets, guint n)
{
  via_leg_send (leg_of (self, media), media, packets, n);
}

void
via_call_want_keyframe (ViaCall *self, guint media)
{
  via_leg_want_keyframe (leg_of (self, media), media);
}

void
via_call_set_data (ViaCall *self, ViaDataLink *link)
{
  self->data = link;
  via_leg_set_data (first (self), link);
}

/* --- what is known --- */

gboolean
via_call_is_over (const ViaCall *self)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (via_leg_is_over (limb_at (self, i)->leg))
      return TRUE;
  return FALSE;
}

gboolean
via_call_selected (ViaCall *self, gchar **out_local, gchar **out_remote)
{
  return via_leg_selected (first (self), out_local, out_remote);
}

ViaConnectionState
via_call_state (const ViaCall *self)
{
  return self->state;
}

gboolean
via_call_was_connected (const ViaCall *self)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (!via_leg_was_connected (limb_at (self, i)->leg))
      return FALSE;
  return TRUE;
}

const gchar *
via_call_failure (const ViaCall *self)
{
  for (guint i = 0; i < self->limbs->len; i++)
    if (via_leg_failure (limb_at (self, i)->leg) != NULL)
      return via_leg_failure (limb_at (self, i)->leg);
  return NULL;
}

/* What @limb knows of its m-line, into its place in @media. */
static void
take_stats (const Limb *limb, GValue *media)
{
  GstStructure *stats = via_leg_stats (limb->leg);
  const GValue *known = gst_structure_get_value (stats, "media");
  GValue *to =
      (GValue *) gst_value_array_get_value (media, (guint) limb->mline);

  g_value_copy (gst_value_array_get_value (known, (guint) limb->mline), to);
  gst_structure_set_value ((GstStructure *) gst_value_get_structure (to), "ice",
      gst_structure_get_value (stats, "ice"));
  gst_structure_free (stats);
}

GstStructure *
via_call_stats (ViaCall *self)
{
  GstStructure *out = via_leg_stats (first (self));
  GValue media = G_VALUE_INIT;

  if (self->limbs->len == 1)
    return out;
  g_value_init (&media, GST_TYPE_ARRAY);
  g_value_copy (gst_structure_get_value (out, "media"), &media);
  for (guint i = 1; i < self->limbs->len; i++)
    if (!limb_at (self, i)->is_reports)
      take_stats (limb_at (self, i), &media);
  gst_structure_take_value (out, "media", &media);
  return out;
}
