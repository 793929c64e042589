#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
"""qos-dscp as the far end's network sees it: one for all, or one per media."""
import collections
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import ends  # noqa: E402
import nat  # noqa: E402
import rows  # noqa: E402
import tap  # noqa: E402

AUDIO, VIDEO = 46, 34       # EF, AF41
LEAST = 3                   # datagrams of a kind that are looked at


def kinds(sdp):
    """What the payload types of @sdp stand for."""
    found = {}
    for kind, types, body in re.findall(
            r'^m=(\w+) \d+ \S+ ([\d ]+)\r\n((?:[^m].*\r\n)*)', sdp, re.M):
        found.update({int(t): kind for t in types.split()})
    return found


def marks(seen, sender, sdp):
    """{kind of datagram: {mark: how many}} of what @sender sent."""
    found, types = collections.defaultdict(collections.Counter), kinds(sdp)
    for source, _, mark, payload in seen.udp():
        if source != sender or len(payload) < 13:
            continue
        if payload[0] >> 6 == 2 and not 192 <= payload[1] <= 223:
            kind = types.get(payload[1] & 127, 'unknown')
        else:
            kind = 'rtcp' if payload[0] >> 6 == 2 else 'other'
        found[kind][mark] += 1
    return found


def call(of_a):
    """What b's network sees of a, and of b's own."""
    with nat.Lab() as l:
        a, b = l.site('a'), l.site('b')
        rows.ipv4_only(a, b)
        with nat.Capture(b.router, 'in') as seen, ends.Peer(a.host, of_a) as x, \
                ends.Peer(b.host) as y:
            ends.call(x, y)
            for p in (x, y):
                p.until('first')
            time.sleep(2)
            answer = next(e[2] for e in y.events if e[0] == 'answer')
            end = time.monotonic() + 20     # reports come when they like
            while True:
                found = [marks(seen, s.public, answer) for s in (a, b)]
                if (time.monotonic() > end or all(
                        sum(m[kind].values()) >= LEAST for m in found
                        for kind in ('audio', 'video', 'rtcp'))):
                    break
                time.sleep(0.2)
    for m in found:
        tap.note({k: dict(c) for k, c in m.items()})
    return found


def test_audio_and_video_bear_marks_of_their_own():
    ours, theirs = call('qos-dscp=audio=EF,video=AF41')
    for kind, mark in ('audio', AUDIO), ('video', VIDEO), ('rtcp', 0):
        tap.check(set(ours[kind]) == {mark} and ours[kind][mark] >= LEAST,
                  f'{kind}: {dict(ours[kind])}')
        tap.check(set(theirs[kind]) == {0}, f'{kind}: {dict(theirs[kind])}')


if lab.IS_LONG:
    def test_one_mark_is_for_all():
        ours, _ = call(f'qos-dscp={AUDIO}')
        for kind in 'audio', 'video', 'rtcp', 'other':
            tap.check(set(ours[kind]) == {AUDIO}, f'{kind}: {dict(ours[kind])}')


def watch():
    with nat.Lab() as l:
        a = l.site('a', None, {ends.PORT: ends.PORT})
        b = l.site('b', 'port-restricted')
        a.firewall([f'iifname "net" udp dport {rows.MEDIA_PORT} accept'])
        rows.ipv4_only(a, b)
        with nat.Capture(b.router, 'net') as seen, rows.watching(
                a.host, b.host, f'https://{a.public}:{ends.PORT}/live/',
                f'single-port={rows.MEDIA_PORT} '
                'qos-dscp=audio=EF,video=AF41') as page:
            time.sleep(2)
            sdp = page.eval('viaFar.peers[0].remoteDescription.sdp')
        found = marks(seen, a.public, sdp)
        tap.note({k: dict(m) for k, m in found.items()})
    for kind, mark in ('audio', AUDIO), ('video', VIDEO):
        tap.check(set(found[kind]) == {mark} and found[kind][mark] >= 20,
                  f'{kind}: {dict(found[kind])}')


if lab.IS_LONG:
    def test_what_the_single_port_sends_bears_them_too():
        lab.when_calm(watch)


if __name__ == '__main__':
    tap.main(globals())
