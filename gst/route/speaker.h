/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/speaker.h – who speaks, from audio levels; slow to change its mind.
 * Pure: `now` comes in with each call.
 * RFC 6464 §3 (level in -dBov: 0 loudest, 127 silence)
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

/* A level of at most this is heard as speech. */
#define VIA_SPEAKER_LOUD 55
/* So long somebody must have been louder before he takes over. */
#define VIA_SPEAKER_TAKE_OVER (400 * VIA_MS)
/* By so much, in dB, while the one before him goes on speaking. */
#define VIA_SPEAKER_LOUDER 6
/* So long nobody must have been heard before nobody speaks. */
#define VIA_SPEAKER_SILENCE (2 * VIA_S)

#define VIA_SPEAKER_NONE G_MAXUINT

typedef struct _ViaSpeaker ViaSpeaker;

ViaSpeaker *via_speaker_new (void);
void via_speaker_free (ViaSpeaker *self);
/* @level: the mean of what @port sent since the last call. */
void via_speaker_heard (
    ViaSpeaker *self, guint port, guint8 level, ViaTime now);
/* @port left. */
void via_speaker_forget (ViaSpeaker *self, guint port);
/* To be called a few times per second. TRUE: it is another one now,
 * VIA_SPEAKER_NONE for nobody. */
gboolean via_speaker_decide (ViaSpeaker *self, ViaTime now, guint *out_port);
guint via_speaker_current (const ViaSpeaker *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSpeaker, via_speaker_free)
