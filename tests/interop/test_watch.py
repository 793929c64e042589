#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
"""Chromium watches a gst-launch line: order, pace, tone, picture, several at once."""
import os
import subprocess
import sys
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402

PORT = 8889
URL = f'http://127.0.0.1:{PORT}/live/'
SERVER = f'webrtcserver hub=room port={PORT}'
SECONDS = 8 if lab.IS_LONG else 5


def player(path):
    return (f'playerendpoint uri={lab.uri(path)} hub=room app-data=clip')


def live():
    """The counter live: raw pictures into the server's own pads."""
    return (f'webrtcserver name=s port={PORT} '
            'fdsrc ! rawvideoparse format=i420 width=640 height=360 '
            'framerate=30/1 ! queue ! s.video_sink_0 '
            'audiotestsrc freq=440 volume=0.3 ! '
            'audio/x-raw,rate=48000,channels=2 ! s.audio_sink_0')


def settle(page, seconds=2):
    """The first pictures of a join may be late; what counts comes after."""
    time.sleep(seconds)
    page.take()
    page.samples.clear()


def check_counters(page, seconds, least):
    time.sleep(seconds)
    figures = page.counters()
    tap.note(figures)
    wrong = judge.plays(figures, least)
    tap.check(wrong is None, wrong)


def check_tone(page):
    db = page.tone()
    tap.note(f'tone {db:.1f} dB above the rest')
    tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')


def check_page(page, name):
    stats = page.stats()
    tap.note(f'{stats["inbound"].get("video", {}).get("mimeType")}, '
             f'{stats["inbound"].get("audio", {}).get("mimeType")}, '
             f'{stats.get("srtpCipher")}')
    tap.check('AEAD_AES_128_GCM' in (stats.get('srtpCipher') or ''),
              f'SRTP profile {stats.get("srtpCipher")}')
    page.screenshot(os.path.join(lab.SCREENSHOTS, f'{name}.png'))


def watch_counters(name, line, stdin=None):
    with lab.Launch(line, stdin=stdin) as launch, chromium.Browser() as b:
        launch.until(URL)
        page = b.open(URL)
        page.watch()
        settle(page)
        before = page.shown()
        check_counters(page, SECONDS, 25 * SECONDS)
        shown = page.shown() - before
        tap.check(shown > 15 * SECONDS,
                  f'only {shown} pictures were presented')
        check_tone(page)
        check_page(page, name)


def watch_live():
    source = subprocess.Popen(
        [sys.executable, os.path.join(lab.TOP, 'tests/support/counter.py'),
         'raw', '--frames', '1800'], stdout=subprocess.PIPE)
    try:
        watch_counters('live', live(), source.stdout)
    finally:
        source.kill()
        source.wait()
        source.stdout.close()


def test_live_counters_and_tone_arrive():
    lab.when_calm(watch_live)


def test_counters_of_a_vp8_opus_file_arrive():
    path = counter.cached_file(lab.DATA, 30)
    lab.when_calm(lambda: watch_counters(
        'counter-vp8', f'hub name=room {player(path)} {SERVER}'))


def test_counters_of_an_h264_bframes_aac_file_arrive():
    path = counter.cached_file(lab.DATA, 30, 'mp4')
    lab.when_calm(lambda: watch_counters(
        'counter-h264', f'hub name=room {player(path)} {SERVER}'))


def watch_footage(name, fps=25):
    path = os.path.join(lab.MEDIA, name)
    frames = reader.file_frames(path, 14)
    with lab.Launch(f'hub name=room {player(path)} {SERVER}') as launch, \
            chromium.Browser() as b:
        launch.until(URL)
        page = b.open(URL)
        size = page.watch(numbers=False)
        tap.check(size == [frames[0].shape[1], frames[0].shape[0]],
                  f'the picture is {size}')
        settle(page, 1)
        matches, before = [], -1
        for _ in range(3):
            time.sleep(1)
            matches.append(judge.best_psnr(page.grab(), frames))
        times = [t for t, _ in page.take()]
        loudest = page.loudness()
        check_page(page, name)
    tap.note(', '.join(f'picture {i}: {db:.1f} dB' for db, i in matches))
    for db, index in matches:
        tap.check(db >= judge.PSNR_DB, f'PSNR {db:.1f} dB at picture {index}')
        tap.check(index > before, f'picture {index} after {before}')
        before = index
    gap = max(b - a for a, b in zip(times, times[1:]))
    rate = (len(times) - 1) * 1000 / (times[-1] - times[0])
    tap.note(f'{rate:.1f} pictures per second, the longest took {gap:.0f} ms')
    tap.check(rate >= fps * judge.IN_ORDER, f'{rate:.1f} pictures per second')
    tap.check(gap <= judge.REPEAT_MS, f'a picture stood for {gap:.0f} ms')
    tap.note(f'the loudest speech is {loudest:.3f}')
    tap.check(loudest > 0.02, f'no speech is heard: {loudest:.4f}')


def test_footage_h264_with_b_frames_and_aac_is_seen():
    lab.when_calm(lambda: watch_footage('street-h264-bframes-aac.mp4'))


def test_footage_vp8_opus_is_seen():
    lab.when_calm(lambda: watch_footage('street-vp8-opus.webm'))


def three_watch():
    path = counter.cached_file(lab.DATA, 30)
    with lab.Launch(f'hub name=room {player(path)} {SERVER}') as launch, \
            chromium.Browser() as b:
        launch.until(URL)
        pages = [b.open(URL) for _ in range(3)]
        for page in pages:
            page.watch()
        for page in pages:
            settle(page, 1)
        time.sleep(SECONDS - 2)
        pages.pop(1).close()
        time.sleep(SECONDS - 2)
        for page in pages:
            figures, stats = page.counters(), page.stats()
            video = stats['inbound']['video']
            tap.note(f'{figures}, lost {video["packetsLost"]}, '
                     f'dropped {video.get("framesDropped")}')
            wrong = judge.plays(figures, 50 * (SECONDS - 2) - 50)
            tap.check(wrong is None, wrong)
            tap.check(video['packetsLost'] == 0, 'packets were lost')
            missing = figures['last'] - figures['first'] + 1 - round(
                figures['in_order'] * (figures['last'] - figures['first'] + 1))
            # All came (above); a busy browser may pass over one in 50.
            tap.check(missing <= 4, f'{missing} pictures were not seen')


def test_three_watch_and_one_leaves_without_harm():
    lab.when_calm(three_watch)


if __name__ == '__main__':
    tap.main(globals())
