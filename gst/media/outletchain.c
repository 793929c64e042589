/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletchain.c – the stock elements between an outlet's source and its
 * pad. Builds what it is told; decides nothing.
 */
#include "media/outletchain.h"

#include "media/encoders.h"

static void
add_decoder (ViaChain *chain, const ViaCapsInfo *info)
{
  via_chain_add_decoder (chain, info);
  if (info->kind == VIA_KIND_VIDEO) {
    via_chain_add_stock (chain, "videoconvert", "convert video");
  } else {
    via_chain_add_stock (chain, "audioconvert", "convert audio");
    via_chain_add_stock (chain, "audioresample", "resample audio");
  }
}

ViaChain *
via_outlet_chain_new (
    GstBin *bin, GstElement *src, ViaCodecId codec, ViaForm form)
{
  ViaChain *chain;
  ViaCapsInfo info;

  if (form != VIA_FORM_RTP && !via_caps_find (codec, &info))
    return NULL;
  chain = via_chain_new (bin, src);
  if (form != VIA_FORM_RTP) {
    via_chain_add (
        chain, via_encoders_make_depayloader (GST_ELEMENT (bin), codec));
    via_chain_add_parser (chain, &info);
  }
  if (form == VIA_FORM_RAW)
    add_decoder (chain, &info);
  return via_chain_finish (chain, NULL);
}
