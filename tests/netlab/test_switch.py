#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""The way goes while media flows, another is there: an interface goes down, a
TURN server dies. Whoever is told (on-negotiation-needed) offers anew, as an
application does; signalled beside the network."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import ends  # noqa: E402
import nat  # noqa: E402
import rows  # noqa: E402
import tap  # noqa: E402

STEADY = 4          # s of media before
AFTER = 6 if lab.IS_LONG else 4     # s of media judged


def flows(*peers):
    for p in peers:
        p.until('first')
    time.sleep(STEADY)
    for p in peers:
        p.do('forget')
    time.sleep(0.5)


def survives(told, x, y, break_it, most_ms):
    """What @break_it does is noticed by @told, and media goes on both ways."""
    since = len(told.events)
    start = time.monotonic()
    break_it()
    needed = told.until('needed', since=since)
    ends.call(told, y if told is x else x)
    time.sleep(AFTER)
    tap.note(f'told after {needed[1] - start:.2f} s')
    pairs = []
    for p in (x, y):
        f = p.figures()
        pairs.append(f['pair'])
        tap.note(f'{f["shown"]} pictures, gap {f["gap_ms"]:.0f} ms, '
                 f'{f["pair"]}')
        # 15 pictures a second, but for the gap that is allowed
        least = (AFTER - most_ms / 1000) * 15 * 3 // 4
        tap.check(f['shown'] >= least, f'{f["shown"]} pictures, not {least}')
        tap.check(f['gap_ms'] <= most_ms, f'{f["gap_ms"]:.0f} ms')
        tap.check(f['handshakes'] == 1, f'{f["handshakes"]} DTLS handshakes')
    return pairs


def switch_interface(is_caller):
    with nat.Lab() as l:
        a, b = l.site('a'), l.site('b')
        addresses = {'eth0': a.public, 'eth1': a.second()}
        rows.ipv4_only(a, b)
        a.count_dtls()
        with ends.Peer(a.host) as x, ends.Peer(b.host) as y:
            ends.call(*((x, y) if is_caller else (y, x)))
            flows(x, y)
            used = x.figures()['pair'][0]
            [gone] = [d for d, at in addresses.items() if f' {at}:' in used]
            [left] = set(addresses) - {gone}
            before = a.dtls()
            tap.check(before > 0, 'no handshake was seen')
            (local, _), (_, remote) = survives(
                x, x, y, lambda: a.host.ip('link', 'set', gone, 'down'), 2000)
            for at in (local, remote):
                tap.check(f' {addresses[left]}:' in at, f'{at}, not by {left}')
            tap.check(a.dtls() == before,
                      f'{a.dtls() - before} DTLS handshake packets')


def test_an_interface_that_goes_down_under_load_is_survived():
    lab.when_calm(lambda: switch_interface(True))


if lab.IS_LONG:
    def test_who_answered_is_told_when_its_interface_goes_down():
        lab.when_calm(lambda: switch_interface(False))


def lose_relay():
    """The direct way opens after the relay was chosen."""
    with nat.Lab() as l, ends.Turn(l.public) as turn:
        a, b = l.site('a'), l.site('b')
        rows.ipv4_only(a, b)
        a.firewall([f'ip {way} {b.public} drop' for way in ('saddr', 'daddr')])
        with ends.Peer(a.host, turn.properties()) as x, \
                ends.Peer(b.host, turn.properties()) as y:
            ends.call(x, y)
            flows(x, y)
            used = x.figures()['pair']
            tap.check(any(end.startswith(f'relay {nat.PUBLIC}:')
                          for end in used), f'over {used}')
            a.firewall()
            (local, remote), _ = survives(x, x, y, turn.kill, 5000)
            tap.check(a.public in local and b.public in remote,
                      f'over {local} ↔ {remote}')


if lab.IS_LONG:
    def test_a_turn_server_that_dies_is_survived_by_the_direct_way():
        lab.when_calm(lose_relay)


if __name__ == '__main__':
    tap.main(globals())
