/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/chain.h – stock elements in a row inside a bin. Adds, links, drains and
 * removes them; decides nothing.
 */
#pragma once

#include "media/caps.h"

G_BEGIN_DECLS

typedef struct _ViaChain ViaChain;

/* @before: (nullable) (transfer none) whose pad "src" the first one is linked
 * to. @bin outlives the chain. */
ViaChain *via_chain_new (GstBin *bin, GstElement *before);
/* Each is added behind the last one. What cannot be is told on the bin, and
 * nothing more is added. NULL: its maker has told already. */
void via_chain_add (ViaChain *self, GstElement *element);
void via_chain_add_stock (
    ViaChain *self, const gchar *factory, const gchar *purpose);
/* @caps: (transfer full) (nullable) */
void via_chain_add_filter (ViaChain *self, GstCaps *caps);
/* TRUE: the chain cannot be; make no more for it. */
gboolean via_chain_has_failed (const ViaChain *self);
/* Those of @info; nothing if it needs none. */
void via_chain_add_parser (ViaChain *self, const ViaCapsInfo *info);
void via_chain_add_decoder (ViaChain *self, const ViaCapsInfo *info);
/* Links the last one to @after (nullable) (transfer none) and brings them to
 * the bin's state. NULL: told on the bin, nothing left behind; else @self.
 * (transfer full): of @self */
ViaChain *via_chain_finish (ViaChain *self, GstElement *after);

/* Where media goes in and comes out; with no element, the pads of @after and
 * @before. (transfer full) */
GstPad *via_chain_entry (ViaChain *self);
GstPad *via_chain_exit (ViaChain *self);
/* Lets out what decoder and encoder hold. Streaming thread. */
void via_chain_drain (ViaChain *self);
/* Takes the elements out of the bin. Nothing may be pushing into it. */
void via_chain_free (ViaChain *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaChain, via_chain_free)
