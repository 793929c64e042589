#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
"""Chromium publishes by /live/publish; another page, and a pipeline, get it."""
import json
import os
import subprocess
import sys
import tempfile
import time

import lab
lab.enter()

import chromium  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
SERVER = f'webrtcserver name=s port={PORT}'
SECONDS = 8 if lab.IS_LONG else 5
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
        time.sleep(SECONDS / 2)
        page.take()
        page.samples.clear()
        time.sleep(SECONDS)
        figures = page.counters()
        db = page.tone()
        tap.note(f'{width}x{height}: {figures}, tone {db:.1f} dB')
        wrong = judge.plays(figures, 25 * SECONDS)
        tap.check(wrong is None, wrong)
        tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')
        cipher = page.stats().get('srtpCipher') or ''
        tap.check('AEAD_AES_128_GCM' in cipher, f'SRTP profile {cipher}')
        source.eval('document.getElementById("go").click()')
        page.until('document.body.innerText.includes("paused")')


def test_a_small_picture_arrives_and_its_end_is_said():
    lab.when_calm(lambda: publish_and_watch(320, 180))


if lab.IS_LONG:
    def test_a_middle_picture_arrives_and_its_end_is_said():
        lab.when_calm(lambda: publish_and_watch(640, 360))


def test_720p_arrives_and_its_end_is_said():
    lab.when_calm(lambda: publish_and_watch(1280, 720))


def publish_over_tls():
    base = f'https://{lab.ADDRESS}:{PORT}/live/'
    with tempfile.TemporaryDirectory() as data, \
            lab.Launch(f'webrtcserver port={PORT} address={lab.ADDRESS}',
                       env={'XDG_DATA_HOME': data}) as launch, \
            chromium.Browser() as b:
        launch.until_says('Watch: https')
        start(b.open(base + 'publish', script=chromium.camera(320, 180)))
        page = b.open(base)
        page.watch()
        time.sleep(2)
        page.take()
        page.samples.clear()
        time.sleep(5)
        figures, db = page.counters(), page.tone()
        tap.note(f'{figures}, tone {db:.1f} dB')
        wrong = judge.plays(figures, 100)
        tap.check(wrong is None, wrong)
        tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')


def test_over_the_self_signed_tls_it_is_published_and_watched():
    lab.when_calm(publish_over_tls)


READER = os.path.join(lab.TOP, 'tests', 'support', 'reader.py')
SOURCES = (f'{SERVER} s.video_src_0 ! decodebin ! VIDEO '
           's.audio_src_0 ! decodebin ! AUDIO')


def pipeline_gets_it():
    # The browser first: its start is none of the reader's time.
    with chromium.Browser() as b, \
            subprocess.Popen([sys.executable, READER, SOURCES,
                              '20' if lab.IS_LONG else '12'],
                             stdout=subprocess.PIPE) as p:
        end = time.monotonic() + 10
        while lab.get(BASE)[0] != 200 and time.monotonic() < end:
            time.sleep(0.1)
        publisher(b, 320, 180)
        figures = json.loads(p.communicate(timeout=60)[0])
    tap.note(figures)
    tap.check(figures['last'] and figures['last'] - figures['first'] > 150,
              f'too few pictures: {figures}')
    tap.check(figures['backwards'] == 0, f'pictures went back: {figures}')
    tap.check(figures['in_order'] >= judge.IN_ORDER, f'pictures are missing: {figures}')
    tap.check(figures['tone_db'] >= judge.TONE_DB,
              f'the tone is only {figures["tone_db"]} dB')


def test_source_pads_have_what_a_browser_publishes():
    lab.when_calm(pipeline_gets_it)


def test_one_interrupt_ends_a_line_that_takes_what_is_published():
    line = f'{SERVER} s.video_src_0 ! decodebin ! fakesink'
    with lab.Launch(line) as launch, chromium.Browser() as b:
        launch.until(BASE)
        page = publisher(b, 320, 180)
        time.sleep(2)
        rc, took = launch.interrupt()
        tap.note(f'rc {rc} after {took:.1f} s')
        tap.check(rc == 0, f'rc {rc}: {launch.output()[-500:]}')
        page.until('document.body.dataset.state === "retrying"')


@lab.calm
def test_a_second_publisher_is_heard_after_the_first():
    with lab.Launch(SERVER) as launch, chromium.Browser() as b:
        launch.until(BASE)
        first = publisher(b, 320, 180)
        page = b.open(BASE)
        page.watch()
        second = publisher(b, 640, 360)
        time.sleep(2)
        width = 'document.getElementById("video").videoWidth'
        tap.check(page.eval(width) == 320, 'the newest track was taken')
        first.eval('document.getElementById("go").click()')
        page.until(f'{width} === 640')
        second.eval('document.getElementById("go").click()')
        page.until('document.body.innerText.includes("paused")')


def test_the_page_comes_back_with_the_server():
    with chromium.Browser() as b:
        with lab.Launch(SERVER) as launch:
            launch.until(BASE)
            page = publisher(b, 320, 180)
        page.until('document.body.dataset.state === "retrying"')
        page.screenshot(os.path.join(lab.SCREENSHOTS, 'publish-gone.png'))
        with lab.Launch(SERVER) as launch:
            launch.until(BASE)
            page.until(LIVE, 40)
            watcher = b.open(BASE)
            watcher.watch()


# --- what the page says ---

REFUSED = """navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException('', '%s'); };"""
NO_CAMERA = """navigator.mediaDevices.enumerateDevices = async () => [
    { kind: 'audioinput', deviceId: 'm', label: 'Microphone' }];"""


NOTHING = 'navigator.mediaDevices.enumerateDevices = async () => [];'


def page_says(b, script, *words, base=BASE):
    page = b.open(base + 'publish', script=script)
    for word in words:
        page.until(f'document.body.innerText.includes({json.dumps(word)})')
    return page.text()


def test_what_keeps_a_camera_away_is_explained():
    with lab.Launch(SERVER) as launch, chromium.Browser() as b:
        launch.until(BASE)
        page_says(b, REFUSED % 'NotAllowedError', 'Permission denied',
                  'Try again')
        page_says(b, REFUSED % 'NotReadableError', 'another program',
                  'Try again')
        page_says(b, NOTHING, 'No camera and no microphone')


def test_no_camera_still_publishes_sound():
    with lab.Launch(SERVER) as launch, chromium.Browser() as b:
        launch.until(BASE)
        page = b.open(BASE + 'publish',
                      script=chromium.camera(320, 180) + NO_CAMERA)
        page.until('document.body.innerText.includes("sound only")')
        start(page)
        watcher = b.open(BASE)
        watcher.until('document.body.dataset.state === "sound-only"')


def test_plain_http_from_elsewhere_is_explained():
    flags = ['--host-resolver-rules=MAP plain.test 127.0.0.1']
    with lab.Launch(SERVER) as launch, chromium.Browser(flags) as b:
        launch.until(BASE)
        text = page_says(b, None, 'needs HTTPS',
                         base=f'http://plain.test:{PORT}/live/')
    tap.check('Try again' not in text, 'trying again would not help')


def test_the_name_becomes_app_data():
    with lab.Launch(SERVER, options=('-e', '-m')) as launch, \
            chromium.Browser() as b:
        launch.until(BASE)
        publisher(b, 320, 180, '?app-data=Zo%C3%AB')
        launch.until_says('connection-state.*app-data=.*Zo')


@lab.calm
def test_the_real_fake_camera_is_seen():
    with lab.Launch(f'{SERVER} page=publish') as launch, \
            chromium.Browser() as b:
        launch.until(BASE)
        page = b.open(BASE)
        page.resize(390, 844, 2, mobile=True)
        page.until('!document.getElementById("go").disabled')
        time.sleep(1)
        shoot(page, 'phone-ready')
        start(page)
        time.sleep(3)
        shoot(page, 'phone-live')
        page.resize(844, 390, 2, mobile=True, dark=True)
        shoot(page, 'phone-sideways')
        page.resize(1280, 800, dark=True)
        shoot(page, 'desktop-dark')
        page.resize(1280, 800)
        shoot(page, 'desktop')
        watcher = b.open(BASE + 'watch')
        tap.check(watcher.watch(numbers=False) == [640, 360], 'another size')


def shoot(page, name):
    time.sleep(0.3)
    page.screenshot(os.path.join(lab.SCREENSHOTS, f'publish-{name}.png'))


if __name__ == '__main__':
    tap.main(globals())
