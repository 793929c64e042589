#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Viewers behind a bad network: packets get lost, a viewer vanishes."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402,F401  (initialises GStreamer)
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

PORT = 8889
URL = f'http://127.0.0.1:{PORT}/live/'


def nft(text):
    subprocess.run(['nft', '-f', '-'], input=text, text=True, check=True)


def lose(percent):
    nft('add table inet via\n'
        'add chain inet via in { type filter hook input priority 0; }\n'
        f'add rule inet via in meta l4proto udp ip daddr {lab.ADDRESS} '
        + (f'numgen random mod 100 < {percent} ' if percent < 100 else '')
        + 'counter drop\n')


def lose_nothing():
    nft('delete table inet via\n')


class Server:
    def __enter__(self):
        Gst.init(None)
        path = counter.cached_file(lab.DATA, 30)
        self.pipeline = Gst.parse_launch(
            f'hub name=room playerendpoint uri={lab.uri(path)} hub=room '
            f'loop=true webrtcserver name=s hub=room port={PORT}')
        self.pipeline.set_state(Gst.State.PLAYING)
        end = time.monotonic() + 10
        while lab.get(URL)[0] != 200:
            tap.check(time.monotonic() < end, 'the server does not answer')
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def peers(self):
        n, i = 0, self.pipeline.iterate_recurse()
        while True:
            result, e = i.next()
            if result != Gst.IteratorResult.OK:
                return n
            n += e.__gtype__.name == 'ViaWebrtcEndpoint'


def lose_and_watch():
    with Server(), chromium.Browser() as b:
        page = b.open(URL)
        page.watch()
        time.sleep(1)
        lose(3)
        try:
            page.take()
            page.samples.clear()
            time.sleep(8)
            figures, stats = page.counters(), page.stats()
        finally:
            lose_nothing()
    video = stats['inbound']['video']
    tap.note(f'{figures}, NACKs {video.get("nackCount")}, again '
             f'{video.get("retransmittedPacketsReceived")}, lost '
             f'{video["packetsLost"]}, PLI {video.get("pliCount")}')
    tap.check(video.get('nackCount', 0) > 0, 'nothing was lost')
    tap.check(video.get('retransmittedPacketsReceived', 0) > 0,
              'nothing was sent again')
    tap.check(figures['in_order'] >= judge.IN_ORDER and not figures['backwards'],
              f'with 3 % loss: {figures}')


def test_lost_packets_are_sent_again():
    lab.when_calm(lose_and_watch)


def test_a_viewer_that_vanishes_is_let_go():
    with Server() as s:
        with chromium.Browser() as b:
            page = b.open(URL)
            page.watch()
            tap.check(s.peers() == 1, f'{s.peers()} peers')
            lose(100)       # as if its cable were pulled
            try:
                start = time.monotonic()
                while s.peers() and time.monotonic() - start < 20:
                    time.sleep(0.1)
                took = time.monotonic() - start
            finally:
                lose_nothing()
    tap.note(f'gone after {took:.1f} s')
    tap.check(took <= 15, f'still there after {took:.1f} s')


def test_a_viewer_that_is_killed_is_let_go():
    with Server() as s:
        b = chromium.Browser()
        page = b.open(URL)
        page.watch()
        tap.check(s.peers() == 1, f'{s.peers()} peers')
        os.killpg(b.process.pid, signal.SIGKILL)
        start = time.monotonic()
        while s.peers() and time.monotonic() - start < 20:
            time.sleep(0.1)
        took = time.monotonic() - start
        b.close()
    tap.note(f'gone after {took:.1f} s')
    tap.check(took <= 15, f'still there after {took:.1f} s')


def test_a_page_that_closes_is_let_go_at_once():
    with Server() as s:
        with chromium.Browser() as b:
            page = b.open(URL)
            page.watch()
            tap.check(s.peers() == 1, f'{s.peers()} peers')
            start = time.monotonic()
            page.go('about:blank')
            while s.peers() and time.monotonic() - start < 5:
                time.sleep(0.02)
            took = time.monotonic() - start
    tap.note(f'gone after {took:.2f} s')
    tap.check(took <= 1.5, f'still there after {took:.1f} s')


if __name__ == '__main__':
    tap.main(globals())
