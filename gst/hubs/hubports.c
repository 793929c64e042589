/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubports.c – the ports of a hub that its pads make: sink pads publish,
 * source pads have what their port is given. Knows no policy.
 */
#include "hubs/hubports.h"

#include <string.h>

#include "endpoints/publishers.h"
#include "hubs/hubport.h"
#include "hubs/stall.h"

/* A source pad, in any state. */
typedef struct
{
  ViaOutPad *pad;
  ViaStall stall;
} Out;

struct _ViaHubPorts
{
  /* immutable */
  GstBin *bin; /* not owned: it owns us */
  ViaCommon *common;
  ViaPublishers *publishers; /* the sink pads */
  GMutex lock;               /* guards all below; after that of the sink pads */
  ViaExchange *exchange;
  GHashTable *ports; /* key → ViaHubPort, above NULL */
  GPtrArray *outs;   /* Out */
  gboolean is_started;
};

/* --- ports --- */

static gpointer
key_of (gboolean is_unnamed, guint number)
{
  return GUINT_TO_POINTER (number << 1 | (is_unnamed ? 1 : 0));
}

static gboolean
is_unnamed (gpointer key)
{
  return (GPOINTER_TO_UINT (key) & 1) != 0;
}

static gpointer
key_of_pad (GstPad *pad)
{
  const gchar *name = GST_OBJECT_NAME (pad);

  return key_of (g_str_has_prefix (name, "sink_"),
      (guint) g_ascii_strtoull (strrchr (name, '_') + 1, NULL, 10));
}

/* Whether a hub of this kind has source pads by number. */
static gboolean
may_take (ViaHubPorts *self)
{
  return gst_element_class_get_pad_template (
             GST_ELEMENT_GET_CLASS (self->bin), "video_src_%u")
         != NULL;
}

static ViaHubPort *
make_port (ViaHubPorts *self, gpointer key)
{
  g_auto (ViaCommonWho) who = {0};

  via_common_who (self->common, GST_ELEMENT (self->bin), &who);
  if (!is_unnamed (key))
    who.who.port = (GPOINTER_TO_UINT (key) >> 1) + 1;
  return via_hub_port_new (self->exchange, self->common, &who.who,
      !is_unnamed (key) && may_take (self));
}

/* Call with self->lock held. NULL: not above NULL. */
static ViaHubPort *
get_port_locked (ViaHubPorts *self, gpointer key)
{
  ViaHubPort *port = g_hash_table_lookup (self->ports, key);

  if (port != NULL || !self->is_started)
    return port;
  port = make_port (self, key);
  if (port != NULL)
    g_hash_table_insert (self->ports, key, port);
  return port;
}

static ViaMember *
find_member (gpointer user, const ViaPublisher *publisher)
{
  ViaHubPorts *self = user;
  gpointer key = key_of_pad (via_publisher_pad (publisher));
  const ViaHubPort *port;
  ViaMember *member;

  g_mutex_lock (&self->lock);
  port = get_port_locked (self, key);
  member = port != NULL ? via_hub_port_member (port) : NULL;
  g_mutex_unlock (&self->lock);
  return member;
}

/* The port of @key if no pad needs it any more. Call with self->lock held. */
static ViaHubPort *
steal_port_locked (ViaHubPorts *self, gpointer key)
{
  GstElement *element = GST_ELEMENT (self->bin);
  gboolean is_used = FALSE;
  gpointer port = NULL;

  GST_OBJECT_LOCK (element);
  for (GList *l = element->pads; l != NULL; l = l->next)
    is_used = is_used || key_of_pad (l->data) == key;
  GST_OBJECT_UNLOCK (element);
  if (!is_used)
    g_hash_table_steal_extended (self->ports, key, NULL, &port);
  if (!is_used && !is_unnamed (key))
    via_exchange_reserve (self->exchange, GPOINTER_TO_UINT (key) >> 1, FALSE);
  return port;
}

/* --- source pads --- */

static gpointer
key_of_out (const Out *out)
{
  return key_of (FALSE, via_out_pad_number (out->pad));
}

/* Call with self->lock held. */
static void
plug_locked (ViaHubPorts *self, const Out *out)
{
  ViaHubPort *port = get_port_locked (self, key_of_out (out));

  if (port == NULL || via_hub_port_loop (port) == NULL)
    return;
  via_out_pad_set_taker (
      out->pad, via_hub_port_member (port), via_hub_port_loop (port));
  via_hub_port_plug (port, via_out_pad_kind (out->pad), out->pad);
  via_member_set_slots (
      via_hub_port_member (port), via_out_pad_kind (out->pad), 1);
}

/* Call with self->lock held. */
static void
unplug_locked (ViaHubPorts *self, const Out *out)
{
  ViaHubPort *port = g_hash_table_lookup (self->ports, key_of_out (out));

  via_out_pad_set_taker (out->pad, NULL, NULL);
  if (port == NULL)
    return;
  via_member_set_slots (
      via_hub_port_member (port), via_out_pad_kind (out->pad), 0);
  via_hub_port_plug (port, via_out_pad_kind (out->pad), NULL);
}

static void
out_free (gpointer data)
{
  Out *out = data;

  via_out_pad_unref (out->pad);
  g_free (out);
}

static GstPad *
request_source (ViaHubPorts *self, GstPadTemplate *templ, const gchar *name)
{
  ViaOutPad *pad = via_out_pad_new (self->bin, templ, name);
  Out *out;

  if (pad == NULL)
    return NULL;
  out = g_new0 (Out, 1);
  out->pad = pad;
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->outs, out);
  plug_locked (self, out);
  g_mutex_unlock (&self->lock);
  return via_out_pad_pad (pad);
}

/* FALSE: @pad is none of them. */
static gboolean
release_source (ViaHubPorts *self, GstPad *pad)
{
  Out *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->outs->len && found == NULL; i++) {
    Out *out = g_ptr_array_index (self->outs, i);

    if (via_out_pad_pad (out->pad) == pad)
      found = g_ptr_array_steal_index (self->outs, i);
  }
  if (found != NULL)
    unplug_locked (self, found);
  g_mutex_unlock (&self->lock);
  if (found == NULL)
    return FALSE;
  via_out_pad_close (found->pad);
  out_free (found);
  return TRUE;
}

void
via_hub_ports_eos (ViaHubPorts *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->outs->len; i++)
    via_out_pad_eos (((Out *) g_ptr_array_index (self->outs, i))->pad);
  g_mutex_unlock (&self->lock);
}

/* --- pads of both directions --- */

/* A named pad's number is its port's. */
static gboolean
parse_name (const gchar *name, guint *out_number)
{
  static const gchar *const formats[] = {
      "audio_sink_%u", "video_sink_%u", "audio_src_%u", "video_src_%u"};
  const gchar *digits = strrchr (name, '_') + 1;
  guint64 number;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strncmp (name, formats[i], (gsize) (digits - name)) == 0
        && g_ascii_string_to_unsigned (
            digits, 10, 0, G_MAXUINT >> 2, &number, NULL)) {
      *out_number = (guint) number;
      return TRUE;
    }
  return FALSE;
}

static void
reserve (ViaHubPorts *self, guint number)
{
  g_mutex_lock (&self->lock);
  via_exchange_reserve (self->exchange, number, TRUE);
  g_mutex_unlock (&self->lock);
}

GstPad *
via_hub_ports_request (
    ViaHubPorts *self, GstPadTemplate *templ, const gchar *name)
{
  GstPad *pad;
  guint number;

  if (name != NULL && parse_name (name, &number))
    reserve (self, number); /* before anybody joins who takes the lowest */
  pad = GST_PAD_TEMPLATE_DIRECTION (templ) == GST_PAD_SRC
            ? request_source (self, templ, name)
            : via_publishers_request (self->publishers, templ, name);
  if (pad != NULL && parse_name (GST_OBJECT_NAME (pad), &number))
    reserve (self, number);
  return pad;
}

void
via_hub_ports_release (ViaHubPorts *self, GstPad *pad)
{
  gpointer key = key_of_pad (pad);
  ViaHubPort *port;

  if (!release_source (self, pad))
    via_publishers_release (self->publishers, pad);
  g_mutex_lock (&self->lock);
  port = steal_port_locked (self, key);
  g_mutex_unlock (&self->lock);
  via_hub_port_free (port, self->common);
}

/* --- states --- */

void
via_hub_ports_start (ViaHubPorts *self)
{
  g_mutex_lock (&self->lock);
  self->is_started = TRUE;
  for (guint i = 0; i < self->outs->len; i++)
    plug_locked (self, g_ptr_array_index (self->outs, i));
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
}

void
via_hub_ports_stop (ViaHubPorts *self, ViaExchange *exchange)
{
  g_autoptr (GHashTable) ports = NULL;
  GHashTableIter iter;
  gpointer port;

  g_mutex_lock (&self->lock);
  self->is_started = FALSE;
  for (guint i = 0; i < self->outs->len; i++)
    via_out_pad_set_taker (
        ((Out *) g_ptr_array_index (self->outs, i))->pad, NULL, NULL);
  ports = g_steal_pointer (&self->ports);
  self->ports = g_hash_table_new (NULL, NULL);
  via_exchange_unref (self->exchange);
  self->exchange = via_exchange_ref (exchange);
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
  g_hash_table_iter_init (&iter, ports);
  while (g_hash_table_iter_next (&iter, NULL, &port))
    via_hub_port_free (port, self->common);
}

/* --- who does not keep up --- */

void
via_hub_ports_tick (ViaHubPorts *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->outs->len; i++) {
    Out *out = g_ptr_array_index (self->outs, i);
    const ViaHubPort *port =
        g_hash_table_lookup (self->ports, key_of_out (out));
    GstStructure *news = NULL;

    if (port != NULL) /* who holds via-app */
      news = via_stall_look (&out->stall, via_out_pad_overflow (out->pad),
          GST_OBJECT_NAME (via_out_pad_pad (out->pad)),
          via_member_port (via_hub_port_member (port)));
    if (news != NULL)
      via_exchange_tell (self->exchange, news);
  }
  g_mutex_unlock (&self->lock);
}

/* --- life --- */

ViaHubPorts *
via_hub_ports_new (GstBin *bin, ViaCommon *common, ViaExchange *exchange)
{
  static const ViaPublishersFuncs funcs = {.member = find_member};
  ViaHubPorts *self = g_new0 (ViaHubPorts, 1);

  self->bin = bin;
  self->common = common;
  g_mutex_init (&self->lock);
  self->exchange = via_exchange_ref (exchange);
  self->ports = g_hash_table_new (NULL, NULL);
  self->outs = g_ptr_array_new_with_free_func (out_free);
  self->publishers = via_publishers_new (bin, &funcs, self);
  return self;
}

void
via_hub_ports_clear (ViaHubPorts *self)
{
  via_publishers_clear (self->publishers);
  while (self->outs->len > 0) {
    Out *out = g_ptr_array_steal_index (self->outs, 0);

    via_out_pad_close (out->pad);
    out_free (out);
  }
}

void
via_hub_ports_free (ViaHubPorts *self)
{
  via_publishers_free (self->publishers);
  g_ptr_array_unref (self->outs);
  g_hash_table_unref (self->ports);
  via_exchange_unref (self->exchange);
  g_mutex_clear (&self->lock);
  g_free (self);
}
