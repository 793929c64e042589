#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
"""A publisher and two viewers behind a firewall that opens one port of the server."""
import subprocess
import sys
import time

import lab
lab.enter()

import chromium  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

PORT, MEDIA = 8889, 9000
BASE = f'http://127.0.0.1:{PORT}/live/'
SERVER = f'webrtcserver name=s port={PORT} single-port={MEDIA}'
LIVE = 'document.body.dataset.state === "live"'


class Firewall:
    """Of media, only what @allowed says passes; and it is counted."""

    def __init__(self, allowed):
        self.rules = f'''
            table inet via_wall {{
              chain out {{
                type filter hook output priority 0;
                tcp dport {{ {PORT} }} accept
                tcp sport {{ {PORT} }} accept
                {allowed}
                meta l4proto udp ip daddr 192.0.2.0/24 counter drop
                tcp dport {MEDIA} counter drop
              }}
            }}'''

    def __enter__(self):
        subprocess.run(['nft', '-f', '-'], input=self.rules.encode(), check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(['nft', 'delete', 'table', 'inet', 'via_wall'], check=True)


def publisher(b):
    page = b.open(BASE + 'publish', script=chromium.camera(320, 180))
    page.until('!document.getElementById("go").disabled')
    page.eval('document.getElementById("go").click()')
    page.until(LIVE)
    return page


def check_viewer(page, protocol):
    page.take()
    page.samples.clear()
    time.sleep(6)
    figures = page.counters()
    stats = page.stats()
    db, remote = page.tone(), stats['pair']['remote']
    tap.note(f'{figures}, tone {db:.1f} dB, {remote["protocol"]} {remote["port"]}')
    wrong = judge.plays(figures, 120)
    tap.check(wrong is None, wrong)
    tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')
    tap.check(remote['port'] == MEDIA, f'not over port {MEDIA}: {remote}')
    tap.check(remote['protocol'] == protocol, f'not by {protocol}: {remote}')


def everybody(protocol, allowed):
    with Firewall(allowed), lab.Launch(SERVER) as launch, \
            chromium.Browser() as b:
        launch.until(BASE)
        publisher(b)
        pages = [b.open(BASE) for _ in range(2)]
        for page in pages:
            page.watch()
        time.sleep(2)
        for page in pages:
            check_viewer(page, protocol)
        rc, took = launch.interrupt()
        tap.check(rc == 0, f'rc {rc} after {took:.1f} s')


def test_one_udp_port_carries_all():
    lab.when_calm(lambda: everybody(
        'udp', f'udp dport {MEDIA} accept\nudp sport {MEDIA} accept'))


def test_one_tcp_port_carries_all_where_udp_is_blocked():
    lab.when_calm(lambda: everybody(
        'tcp', f'tcp dport {MEDIA} accept\ntcp sport {MEDIA} accept'))


if __name__ == '__main__':
    tap.main(globals())
