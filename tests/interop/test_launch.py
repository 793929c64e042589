#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""gst-launch-1.0 lines begin, end and keep time as they should."""
import itertools
import os
import re
import tempfile
import time

import lab
lab.enter()

import counter  # noqa: E402
import tap  # noqa: E402


FOLDER = tempfile.TemporaryDirectory(prefix='via-launch-')


def words(element, n):
    """@element in a line, with what it cannot do without."""
    return {
        'hub': f'hub name=room{n}',
        'dispatcher': f'dispatcher name=room{n}',
        'dispatcheronetomany': f'dispatcheronetomany name=room{n}',
        'webrtcendpoint': 'webrtcendpoint',
        'webrtcserver': f'webrtcserver port={lab.free_port()}',
        'recorderendpoint': 'recorderendpoint location='
                            + os.path.join(FOLDER.name, f'{n}.mkv'),
        'playerendpoint': 'playerendpoint uri='
                          + lab.uri(counter.cached_file(lab.DATA, 10)),
    }[element]


def elements():
    import subprocess
    out = subprocess.run(['gst-inspect-1.0', 'via'], capture_output=True,
                         text=True, check=True).stdout
    return re.findall(r'^  (\w+): ', out, re.M)


def check_interrupted(*names):
    line = ' '.join(words(e, n) for n, e in enumerate(names))
    with lab.Launch(line) as launch:
        launch.until_says('Setting pipeline to PLAYING|Pipeline is live')
        time.sleep(0.5)
        rc, seconds = launch.interrupt()
        tap.check(rc == 0, f'{line}: {"hangs" if rc is None else rc} after '
                           f'{seconds:.1f} s\n{launch.output()}')
        tap.check('CRITICAL' not in launch.output()
                  and 'WARNING' not in launch.output(),
                  f'{line}:\n{launch.output()}')


def test_every_element_is_tried_here():
    tap.check(elements(), 'gst-inspect-1.0 via lists nothing')
    for e in elements():
        words(e, 0)


def test_one_interrupt_ends_each_element_alone():
    for e in elements():
        check_interrupted(e)


def test_one_interrupt_ends_each_pair():
    for a, b in itertools.combinations_with_replacement(elements(), 2):
        check_interrupted(a, b)


def test_one_interrupt_ends_the_whole_line():
    path = counter.cached_file(lab.DATA, 10)
    with lab.Launch('hub name=room playerendpoint hub=room uri='
                    + lab.uri(path) + ' webrtcserver hub=room port=8889 '
                    'webrtcendpoint hub=room') as launch:
        launch.until('http://127.0.0.1:8889/live/')
        rc, seconds = launch.interrupt()
        tap.check(rc == 0, f'{rc} after {seconds:.1f} s\n{launch.output()}')


def test_an_unrelated_end_does_not_end_the_server():
    with lab.Launch('webrtcserver port=8889 '
                    'videotestsrc num-buffers=10 ! fakesink') as launch:
        launch.until('http://127.0.0.1:8889/live/')
        time.sleep(3)
        tap.check(launch.process.poll() is None,
                  'the line ended:\n' + launch.output())
        tap.check(lab.get('http://127.0.0.1:8889/live/')[0] == 200,
                  'the server does not answer any more')
        rc, _ = launch.interrupt()
        tap.check(rc == 0, f'{rc}\n{launch.output()}')


def take_time():
    seconds = 30 if lab.IS_LONG else 5
    path = counter.cached_file(lab.DATA, seconds)
    with lab.Launch(f'filesrc location={path} ! matroskademux name=d '
                    'webrtcendpoint name=e d.video_0 ! queue ! e. '
                    'd.audio_0 ! queue ! e.') as launch:
        tap.check(launch.process.wait(seconds + 20) == 0, launch.output())
        m = re.search(r'Execution ended after (\d+):(\d+):([\d.]+)',
                      launch.output())
        tap.check(m, launch.output())
        took = int(m[1]) * 3600 + int(m[2]) * 60 + float(m[3])
        tap.note(f'{took:.3f} s')
        tap.check(abs(took - seconds) <= 0.2,
                  f'{seconds} s of file took {took:.3f} s')


def test_a_file_into_an_unconnected_endpoint_takes_its_time():
    lab.when_calm(take_time)


if __name__ == '__main__':
    tap.main(globals())
