#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""Ways a far end may be reached: it is ICE-lite, has names in the place of
addresses, or several IPv6 addresses; and what servers help with it. What
arrives is read at the far end."""
import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import lab
lab.enter()

sys.path.append(os.path.join(lab.TOP, 'tests', 'netlab'))
import counter  # noqa: E402
import farbin  # noqa: E402
import judge  # noqa: E402
import network  # noqa: E402
import tap  # noqa: E402

PORT, MEDIA = 8889, 9000
FIRST, SECOND = '2001:db8:77::2', '2001:db8:77::3'


def flows(end, kinds=('video',)):
    end.forget()
    end.wait_media(kinds, 40, 20)
    video, _ = end.figures(0)
    tap.note(video)
    wrong = judge.plays(video, 30)
    tap.check(wrong is None, wrong)


def used(end):
    stats = end.stats()         # holds what is inside
    ice = stats.get_value('ice')
    return ice.get_string('local'), ice.get_string('remote')


def call_lite():
    """Our server's single port is what Kurento, Janus and others are to us: an
    ICE-lite answerer that checks nothing of its own."""
    clip = lab.uri(counter.cached_file(lab.DATA, 30))
    with lab.Launch('hub name=room', f'playerendpoint uri={clip} hub=room '
                    f'loop=true webrtcserver hub=room port={PORT} '
                    f'single-port={MEDIA}') as launch, farbin.Ours([]) as a:
        launch.until(f'http://127.0.0.1:{PORT}/live/')
        request = urllib.request.Request(
            f'http://127.0.0.1:{PORT}/live/whep', a.offer().encode(),
            {'Content-Type': 'application/sdp'})
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer = reply.read().decode()
        tap.check('a=ice-lite' in answer, answer)
        a.accept(answer)
        flows(a)
        tap.note(used(a))
        tap.check(used(a)[1] == f'host {lab.ADDRESS}:{MEDIA}', used(a))


def test_a_lite_far_end_is_called():
    lab.when_calm(call_lite)


@contextlib.contextmanager
def addresses(*added, without_ipv4=False):
    """Of the machine, beside its own; UDP to @lab.ADDRESS is lost."""
    for address in added:
        network.ip('addr', 'add', f'{address}/64', 'dev', 'via0', 'nodad')
    if without_ipv4:
        network.ip('addr', 'del', f'{lab.ADDRESS}/24', 'dev', 'via0')
    try:
        yield
    finally:
        for address in added:
            network.ip('addr', 'del', f'{address}/64', 'dev', 'via0')
        if without_ipv4:
            network.ip('addr', 'add', f'{lab.ADDRESS}/24', 'dev', 'via0')
            network.ip('route', 'replace', 'default', 'dev', 'via0')


def call_by_the_second():
    with addresses(FIRST, SECOND):
        network.nft('add table inet via_six\n'
                    'add chain inet via_six in '
                    '{ type filter hook input priority 0; }\n'
                    f'add rule inet via_six in meta l4proto udp ip daddr '
                    f'{lab.ADDRESS} drop\nadd rule inet via_six in meta l4proto '
                    f'udp ip6 daddr {FIRST} counter drop\n')
        try:
            with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
                offer, answer = farbin.call(a, b)
                flows(b)
                tap.note(used(b))
                for sdp in offer, answer:
                    found = set(re.findall(r'(2001:\S+) \d+ typ host', sdp))
                    tap.check(found == {FIRST, SECOND}, sdp)
                tap.check(all(f'[{SECOND}]:' in at for at in used(b)), used(b))
            dropped = subprocess.run(
                ['nft', 'list', 'table', 'inet', 'via_six'], check=True,
                capture_output=True, text=True).stdout
            tap.check(int(re.search(r'packets (\d+)', dropped)[1]) > 0,
                      'the first address was not tried')
        finally:
            network.nft('delete table inet via_six\n')


def test_of_several_ipv6_addresses_the_one_that_works_is_used():
    lab.when_calm(call_by_the_second)


def call_by_ipv6():
    with addresses(FIRST, without_ipv4=True):
        with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
            offer, _ = farbin.call(a, b)
            flows(b)
            tap.check(f' {FIRST} ' in offer and lab.ADDRESS not in offer, offer)
            tap.check(all(f'[{FIRST}]:' in at for at in used(b)), used(b))


def test_kurento_27_ipv6_only():
    lab.when_calm(call_by_ipv6)


def dropped(end, what='names'):
    stats = end.stats()
    return stats.get_value('ice').get_value(f'{what}-dropped')


def hear_of_useless_candidates():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        farbin.call(a, b)
        start = time.monotonic()
        for n in range(3):
            b.emit('add-ice-candidate', 0, 'candidate:1 1 udp 2113937151 '
                   f'0f4a-{n}.local 5000{n} typ host')
        tap.check(time.monotonic() - start < 0.5, 'it was waited for')
        while dropped(b) < 3 and time.monotonic() - start < 5:
            time.sleep(0.02)
        took = time.monotonic() - start
        tap.note(f'{dropped(b)} dropped after {took:.2f} s')
        tap.check(dropped(b) == 3 and took < 2, f'{took:.2f} s')
        before = dropped(b, 'candidates')       # the other end's own, if any
        b.emit('add-ice-candidate', 0, 'candidate:1 1 tcp 2113937151 '
               f'{lab.ADDRESS} 50009 typ host tcptype passive')
        tap.check(before >= 3 and dropped(b, 'candidates') == before + 1,
                  f'{before}, then {dropped(b, "candidates")} candidates')
        tap.check(dropped(a) == 0, 'counted at the wrong end')
        flows(b)


def test_a_name_nobody_knows_is_dropped_counted_and_harms_nothing():
    lab.when_calm(hear_of_useless_candidates)


def test_a_silent_turn_server_hides_no_stun_server():
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as silent, \
            lab.Stun() as stun, farbin.Ours([]) as a:
        silent.bind((lab.ADDRESS, 3478))
        a.element.set_property('stun-server', f'{lab.ADDRESS}:{stun.port}')
        a.element.set_property('turn-url', f'u:p@{lab.ADDRESS}:3478')
        offer = a.offer()
        tap.check(silent.recv(2000), 'TURN was not asked')
    found = re.findall(r'a=candidate:.* typ (srflx|relay).*', offer)
    tap.check(found == ['srflx'], offer)


if __name__ == '__main__':
    tap.main(globals())
