#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""Chromium publishes by /live/publish into a hub; the recorder's file holds it."""
import os
import signal
import tempfile
import time

import numpy

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402
from recorded import HEIGHT, WIDTH, File, onsets, run  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
FOLDER = tempfile.TemporaryDirectory(prefix='via-record-')
OFFSET = 0.040


def interrupt(launch):
    rc, took = launch.interrupt()
    tap.note(f'rc {rc} after {took:.1f} s')
    tap.check(rc == 0 and took <= 3,
              f'{rc} after {took:.1f} s\n{launch.output()}')


def kill(launch):
    launch.process.send_signal(signal.SIGKILL)
    launch.process.wait()


def publish(path, size, seconds, end):
    """Records @seconds of a page's camera, then @end (launch)."""
    with lab.Launch('hub name=room', f'webrtcserver hub=room port={PORT}',
                    f'recorderendpoint hub=room location={path}',
                    options=('-e', '-m')) as launch, chromium.Browser() as b:
        launch.until(BASE)
        page = b.open(BASE + 'publish',
                      script=chromium.camera(*size, beeps=True))
        page.until('!document.getElementById("go").disabled')
        page.eval('document.getElementById("go").click()')
        page.until('document.body.dataset.state === "live"')
        launch.until_says('recording-started')
        time.sleep(seconds)
        end(launch)


def beeps(sound):
    """Seconds at which 1 kHz begins beside the tone."""
    n, rate = 480, 48000 // 96
    wave = numpy.exp(-2j * numpy.pi * 1000 / 48000 * numpy.arange(n))
    window = numpy.hanning(n) * wave
    levels = numpy.array([abs((sound[i:i + n] * window).sum()) * 4 / n
                          for i in range(0, len(sound) - n, 48000 // rate)])
    # The window is half in when its middle passes the edge.
    return [t + n / 2 / 48000 for t in onsets(levels, rate, 0.025)]


def flashes(f):
    """Seconds at which the lower right quarter becomes white."""
    raw = run('ffmpeg', '-v', 'error', '-i', f.path, '-map', '0:v',
              '-fps_mode', 'passthrough', '-vf',
              'crop=iw/2-32:ih/2-32:iw/2+16:ih/2+16,scale=2:2:flags=area,'
              'format=gray', '-f', 'rawvideo', '-')
    found, was = [], 0
    for t, level in zip(f.times(f.index('video')), raw[::4]):
        if level > 190 and was <= 190:
            found.append(t)
        was = level
    return found


def check_together(f, at_least):
    """The page's flashes and beeps lie together in the file."""
    lights, tones = flashes(f), beeps(f.sound())
    offsets = [min((b - t for b in tones), key=abs)
               for t in lights if t > 0.5 and t < f.duration() - 0.5]
    tap.note(f'beep after flash: {[round(o * 1000) for o in offsets]} ms')
    tap.check(len(offsets) >= at_least, f'flashes {lights}, beeps {tones}')
    tap.check(abs(numpy.median(offsets)) <= OFFSET,
              f'flashes {lights}, beeps {tones}')


def record(name, size, seconds, end):
    path = os.path.join(FOLDER.name, name)
    publish(path, size, seconds, end)
    f = File(path)
    tap.check(len(f.streams) == 2 and 'opus' in f.codecs(), f.codecs())
    tap.note(f'{name}: {f.codecs()}, {f.duration()} s, '
             f'{len(f.times(f.index("video")))} pictures')
    f.check_plays(seconds - 0.5, fps=28)
    check_together(f, int(seconds) - 2)
    os.unlink(path)


def test_a_published_camera_is_in_the_file_after_an_interrupt():
    lab.when_calm(lambda: record('int.mkv', (WIDTH, HEIGHT), 5, interrupt))


def test_a_published_camera_is_in_the_file_after_a_kill():
    lab.when_calm(lambda: record('kill.mkv', (WIDTH, HEIGHT), 5, kill))


if lab.IS_LONG:
    def test_720p_is_in_the_file_after_an_interrupt():
        lab.when_calm(lambda: record('hd.mkv', (1280, 720), 10, interrupt))

    def test_720p_is_in_the_file_after_a_kill():
        lab.when_calm(lambda: record('hdk.mkv', (1280, 720), 10, kill))


if __name__ == '__main__':
    tap.main(globals())
