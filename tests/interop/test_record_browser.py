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
from recorded import HEIGHT, WIDTH, File, beep_offsets  # noqa: E402

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


def check_together(f, at_least):
    """The page's flashes and beeps lie together in the file."""
    offsets = beep_offsets(f)
    said = f'beep after flash: {[round(o * 1000) for o in offsets]} ms'
    tap.note(said)
    tap.check(len(offsets) >= at_least, said)
    tap.check(abs(numpy.median(offsets)) <= OFFSET, said)


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
