#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# in pairs
"""webrtcbin as the other peer: who offers × which codecs, both ways, decoded
at both ends; and two of ours, with AES-GCM."""
import os
import sys

import lab
lab.enter()

import farbin  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

ROWS = (('VP8',), ('H264',), ('VP9',), ('OPUS',), ('PCMU',), ('VP8', 'OPUS'),
        ('H264', 'PCMU'), ('VP9', 'OPUS'))
SHORT = {('ours', ('VP8', 'OPUS')), ('theirs', ('H264', 'PCMU')),
         ('theirs', ('VP9',))}
PICTURES = 100
# µ-law's own noise is below this; what is lost or repeated is far above.
TONE_DB = {'PCMU': 15}


def judged(end, codecs, who):
    video, tone = end.figures()
    tap.note(f'{who}: {video}, tone {tone:.1f} dB')
    if 'VP8' in codecs or 'VP9' in codecs or 'H264' in codecs:
        wrong = judge.plays(video, PICTURES // 2)
        tap.check(wrong is None, f'{who}: {wrong}')
    for codec in ('OPUS', 'PCMU'):
        if codec in codecs:
            tap.check(tone >= TONE_DB.get(codec, judge.TONE_DB),
                      f'{who}: tone {tone:.1f} dB')
    tap.check(not end.errors(), f'{who}: {end.errors()}')


def row(codecs, offerer, answerer):
    kinds = {'audio' if c in ('OPUS', 'PCMU') else 'video' for c in codecs}
    with offerer as a, answerer as b:
        farbin.call(a, b)
        for end in (a, b):
            end.wait_media(kinds, PICTURES, 20)
        judged(a, codecs, 'who offered')
        judged(b, codecs, 'who answered')
        for end in (a, b):
            if isinstance(end, farbin.Ours):
                profile = end.stats().get_string('srtp-profile')
                tap.note(f'SRTP {profile}')
                if isinstance(a, farbin.Ours) and isinstance(b, farbin.Ours):
                    tap.check(profile == 'AEAD_AES_128_GCM', profile)


def case(who, codecs):
    def run():
        ours, theirs = farbin.Ours, farbin.Webrtcbin
        pairs = {'ours': (ours, theirs), 'theirs': (theirs, ours),
                 'both': (ours, ours)}
        make = pairs[who]
        lab.when_calm(lambda: row(codecs, make[0](codecs), make[1](codecs)))
    return run


NAMES = {'ours': 'we_offer_webrtcbin', 'theirs': 'webrtcbin_offers_us',
         'both': 'ours_and_ours'}
# By name, or in the long form, every row; else the few of SHORT.
ALL = lab.IS_LONG or os.environ.get('VIA_TEST_NAMED') or sys.argv[1:]
for _who in NAMES:
    for _codecs in ROWS:
        if ALL or (_who, _codecs) in SHORT | {('both', ('VP8', 'OPUS'))}:
            globals()[f'test_{NAMES[_who]}_{"_".join(_codecs).lower()}'] = \
                case(_who, _codecs)


if __name__ == '__main__':
    tap.main(globals())
