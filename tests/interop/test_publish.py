#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 420
"""Chromium publishes by /live/publish; another page, and a pipeline, get it."""
import os
import time

import lab
lab.enter()

import chromium  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
SERVER = f'webrtcserver name=s port={PORT}'
LIVE = 'document.body.dataset.state === "live"'


def start(page):
    page.until('!document.getElementById("go").disabled')
    page.eval('document.getElementById("go").click()')
    page.until(LIVE)


def publisher(b, width, height, query=''):
    page = b.open(BASE + 'publish' + query,
                  script=chromium.camera(width, height))
    start(page)
    return page


def publish_and_watch(width, height):
    with lab.Launch(SERVER) as launch, chromium.Browser() as b:
        launch.until(BASE)
        source = publisher(b, width, height)
        page = b.open(BASE)
        page.watch()
        time.sleep(4)
        page.take()
        page.samples.clear()
        time.sleep(8)
        figures = page.counters()
        db = page.tone()
        tap.note(f'{width}x{height}: {figures}, tone {db:.1f} dB')
        wrong = judge.plays(figures, 200)
        tap.check(wrong is None, wrong)
        tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')
        cipher = page.stats().get('srtpCipher') or ''
        tap.check('AEAD_AES_128_GCM' in cipher, f'SRTP profile {cipher}')
        source.eval('document.getElementById("go").click()')
        page.until('document.body.innerText.includes("paused")', 10)


def test_a_small_picture_arrives_and_its_end_is_said():
    lab.when_calm(lambda: publish_and_watch(320, 180))


def test_a_middle_picture_arrives_and_its_end_is_said():
    lab.when_calm(lambda: publish_and_watch(640, 360))


def test_720p_arrives_and_its_end_is_said():
    lab.when_calm(lambda: publish_and_watch(1280, 720))


if __name__ == '__main__':
    tap.main(globals())
