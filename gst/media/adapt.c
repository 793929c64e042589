/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/adapt.c – the chain of stock elements between an intake's pad and its
 * RTP sink. Builds what it is told; decides nothing.
 */
#include "media/adapt.h"

#include "media/encoders.h"

static void
add_encoder (ViaChain *chain, GstBin *bin, const ViaAdaptSpec *spec)
{
  if (spec->in.kind == VIA_KIND_VIDEO) {
    via_chain_add_stock (chain, "videoconvert", "convert video");
    via_chain_add_stock (chain, "videoscale", "make pixels square");
  } else {
    via_chain_add_stock (chain, "audioconvert", "convert audio");
    via_chain_add_stock (chain, "audioresample", "resample audio");
  }
  via_chain_add_filter (chain, via_encoder_input (spec->out));
  if (!via_chain_has_failed (chain))
    via_chain_add (chain,
        via_encoder_make (GST_ELEMENT (bin), spec->out, spec->bitrate_bps));
  via_chain_add_filter (chain, via_encoder_output (spec->out));
}

gboolean
via_adapt_is_same (const ViaAdaptSpec *a, const ViaAdaptSpec *b)
{
  return a->in.form == b->in.form && a->in.name == b->in.name
         && a->copy == b->copy && a->out == b->out && a->mtu == b->mtu;
}

ViaChain *
via_adapt_new (GstBin *bin, const ViaAdaptSpec *spec, GstElement *sink)
{
  ViaChain *chain = via_chain_new (bin, NULL);
  const ViaCapsInfo *in = &spec->in;

  if (in->form == VIA_FORM_RTP && spec->copy)
    return via_chain_finish (chain, sink);
  if (in->form == VIA_FORM_RTP)
    via_chain_add (
        chain, via_encoders_make_depayloader (GST_ELEMENT (bin), in->codec));
  if (in->form != VIA_FORM_RAW) {
    via_chain_add_parser (chain, in);
    if (!spec->copy)
      via_chain_add_decoder (chain, in);
  }
  if (!spec->copy)
    add_encoder (chain, bin, spec);
  if (!via_chain_has_failed (chain))
    via_chain_add (chain,
        via_encoders_make_payloader (GST_ELEMENT (bin), spec->out, spec->ssrc,
            spec->timestamp, spec->mtu > 0 ? spec->mtu : VIA_ENCODERS_MTU));
  return via_chain_finish (chain, sink);
}
