/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/speaker.c – who speaks, from audio levels; slow to change its mind.
 * Pure: `now` comes in with each call.
 * RFC 6464 §3
 */
#include "route/speaker.h"

#define SILENT 127
/* A pause between words; after it one is not speaking any more. */
#define PAUSE (500 * VIA_MS)
/* One between syllables: who wants to take over makes none longer. */
#define BREATH (200 * VIA_MS)

typedef struct
{
  guint port;
  gdouble level;   /* smoothed, -dBov */
  ViaTime loud_at; /* the last time he was loud */
  ViaTime since;   /* he has been speaking since */
  ViaTime above;   /* louder than the speaker since; NEVER: he is not */
} Voice;

struct _ViaSpeaker
{
  GArray *voices; /* Voice */
  guint current;
};

ViaSpeaker *
via_speaker_new (void)
{
  ViaSpeaker *self = g_new0 (ViaSpeaker, 1);

  self->voices = g_array_new (FALSE, TRUE, sizeof (Voice));
  self->current = VIA_SPEAKER_NONE;
  return self;
}

void
via_speaker_free (ViaSpeaker *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->voices);
  g_free (self);
}

static Voice *
find_voice (ViaSpeaker *self, guint port)
{
  for (guint i = 0; i < self->voices->len; i++)
    if (g_array_index (self->voices, Voice, i).port == port)
      return &g_array_index (self->voices, Voice, i);
  return NULL;
}

void
via_speaker_heard (ViaSpeaker *self, guint port, guint8 level, ViaTime now)
{
  Voice *voice = find_voice (self, port);

  if (level > VIA_SPEAKER_LOUD && voice == NULL)
    return;
  if (voice == NULL) {
    const Voice fresh = {.port = port,
        .level = SILENT,
        .loud_at = now,
        .since = now,
        .above = VIA_TIME_NEVER};

    g_array_append_val (self->voices, fresh);
    voice = find_voice (self, port);
  }
  if (level <= VIA_SPEAKER_LOUD) {
    if (now - voice->loud_at > PAUSE) {
      voice->since = now;
      voice->level = SILENT;
    }
    voice->level =
        voice->level >= SILENT ? level : 0.7 * voice->level + 0.3 * level;
    voice->loud_at = now;
  }
}

void
via_speaker_forget (ViaSpeaker *self, guint port)
{
  for (guint i = 0; i < self->voices->len; i++)
    if (g_array_index (self->voices, Voice, i).port == port) {
      g_array_remove_index_fast (self->voices, i);
      return;
    }
}

static gboolean
is_speaking (const Voice *voice, ViaTime now)
{
  return voice != NULL && now - voice->loud_at <= PAUSE;
}

/* Whether @voice may take over from @speaker, seen over the last while. */
static gboolean
takes_over (Voice *voice, const Voice *speaker, ViaTime now)
{
  gboolean is_above =
      now - voice->loud_at <= BREATH
      && (!is_speaking (speaker, now)
          || voice->level + VIA_SPEAKER_LOUDER <= speaker->level);

  if (!is_above) {
    voice->above = VIA_TIME_NEVER;
    return FALSE;
  }
  if (voice->above == VIA_TIME_NEVER)
    voice->above = now;
  return now - MAX (voice->above, voice->since) >= VIA_SPEAKER_TAKE_OVER
         || (!is_speaking (speaker, now)
             && now - voice->since >= VIA_SPEAKER_TAKE_OVER);
}

gboolean
via_speaker_decide (ViaSpeaker *self, ViaTime now, guint *out_port)
{
  const Voice *speaker = find_voice (self, self->current);
  const Voice *best = NULL;
  guint next = self->current;

  for (guint i = 0; i < self->voices->len; i++) {
    Voice *voice = &g_array_index (self->voices, Voice, i);

    if (voice != speaker && takes_over (voice, speaker, now)
        && (best == NULL || voice->level < best->level))
      best = voice;
  }
  if (best != NULL)
    next = best->port;
  else if (speaker == NULL || now - speaker->loud_at > VIA_SPEAKER_SILENCE)
    next = VIA_SPEAKER_NONE;
  if (next == self->current)
    return FALSE;
  self->current = *out_port = next;
  return TRUE;
}

guint
via_speaker_current (const ViaSpeaker *self)
{
  return self->current;
}
