/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubport.c – one port of a hub that pads make, while the hub is above
 * NULL. Knows no policy.
 */
#include "hubs/hubport.h"

struct _ViaHubPort
{
  /* immutable */
  ViaMember *member;
  ViaLoop *loop;     /* NULL: it takes nothing, so there is no source pad */
  ViaOutPad *out[2]; /* owned; loop thread */
};

/* --- what a port is given; its loop --- */

static void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  const ViaHubPort *port = user;

  if (port->out[kind] != NULL)
    via_out_pad_attach (port->out[kind], track);
}

static void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  const ViaHubPort *port = user;

  if (port->out[kind] != NULL)
    via_out_pad_push (port->out[kind], packets, n);
}

static void
on_app_data (gpointer user, ViaKind kind, guint slot, const gchar *app_data)
{
  const ViaHubPort *port = user;

  if (port->out[kind] != NULL)
    via_out_pad_set_app_data (port->out[kind], app_data);
}

static const ViaMemberFuncs port_funcs = {
    .attach = on_attach, .packets = on_packets, .app_data = on_app_data};

typedef struct
{
  ViaHubPort *port; /* lives until its member left, so until after this */
  ViaKind kind;
  ViaOutPad *pad; /* (nullable) owned */
} Plug;

static void
run_plug (gpointer data)
{
  Plug *plug = data;
  ViaOutPad **out = &plug->port->out[plug->kind];

  g_clear_pointer (out, via_out_pad_unref);
  *out = g_steal_pointer (&plug->pad);
}

static void
plug_free (gpointer data)
{
  Plug *plug = data;

  g_clear_pointer (&plug->pad, via_out_pad_unref);
  g_free (plug);
}

void
via_hub_port_plug (ViaHubPort *self, ViaKind kind, ViaOutPad *pad)
{
  Plug *plug = g_new0 (Plug, 1);

  plug->port = self;
  plug->kind = kind;
  plug->pad = pad != NULL ? via_out_pad_ref (pad) : NULL;
  via_loop_post (self->loop, run_plug, plug, plug_free);
}

ViaMember *
via_hub_port_member (const ViaHubPort *self)
{
  return self->member;
}

ViaLoop *
via_hub_port_loop (const ViaHubPort *self)
{
  return self->loop;
}

ViaHubPort *
via_hub_port_new (ViaExchange *exchange, ViaCommon *common,
    const ViaMemberWho *who, gboolean takes)
{
  static const ViaMemberFuncs none = {0};
  ViaHubPort *self = g_new0 (ViaHubPort, 1);

  if (takes && (self->loop = via_loop_acquire ()) == NULL) {
    g_free (self);
    return NULL;
  }
  self->member = via_exchange_join_as (
      exchange, self->loop, who, takes ? &port_funcs : &none, self, NULL);
  if (self->member != NULL) {
    via_common_present (common, self->member);
    return self;
  }
  if (self->loop != NULL)
    via_loop_release (self->loop);
  g_free (self);
  return NULL;
}

void
via_hub_port_free (ViaHubPort *self, ViaCommon *common)
{
  if (self == NULL)
    return;
  via_common_absent (common, self->member);
  via_member_leave (self->member);
  for (guint k = 0; k < G_N_ELEMENTS (self->out); k++)
    g_clear_pointer (&self->out[k], via_out_pad_unref);
  if (self->loop != NULL)
    via_loop_release (self->loop);
  g_free (self);
}
