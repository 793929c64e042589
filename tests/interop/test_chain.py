#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# in pairs
"""A chain of processes: server A → an endpoint that plays it by WHEP and publishes
it by WHIP, as it is → server B → a reader. And either server is killed."""
import os
import signal
import subprocess
import sys
import time

import lab
lab.enter()

import judge  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

A, B = 8889, 8890
KILLS = 10 if lab.IS_LONG else 1     # of each server
BACK = 5.0      # seconds, from the kill to new pictures at the far end


class Source:
    """Server A: the counter as VP8, with no key frame but those asked for."""

    def __enter__(self):
        self.picture = subprocess.Popen(
            [sys.executable, os.path.join(lab.TOP, 'tests/support/counter.py'),
             'raw', '--width', '320', '--height', '180', '--frames', '9000'],
            stdout=subprocess.PIPE)
        self.line = lab.Launch(
            'fdsrc ! rawvideoparse format=i420 width=320 height=180 '
            'framerate=30/1 ! identity sync=true ! queue ! '
            'vp8enc deadline=1 cpu-used=8 keyframe-max-dist=100000 '
            f'target-bitrate=800000 ! s.video_sink_0 webrtcserver name=s port={A}',
            stdin=self.picture.stdout).__enter__()
        self.line.until(f'http://127.0.0.1:{A}/live/watch')
        return self

    def __exit__(self, *args):
        self.line.__exit__(*args)
        self.picture.kill()
        self.picture.wait()
        self.picture.stdout.close()


def middle():
    return lab.Launch(
        f'webrtcendpoint name=a signaling-uri=whep://127.0.0.1:{A}/live/whep '
        'a.video_src_0 ! b.video_sink_0 '
        f'webrtcendpoint name=b signaling-uri=whip://127.0.0.1:{B}/live/whip',
        options=('-e', '-m'))


class Sink:
    """Server B: shows what is published to it."""

    def __enter__(self):
        self.line = lab.Launch(f'hub name=r webrtcserver hub=r port={B}'
                               ).__enter__()
        self.line.until(f'http://127.0.0.1:{B}/live/watch')
        return self

    def __exit__(self, *args):
        self.line.__exit__(*args)


class Reader:
    def __enter__(self):
        self.pipeline = reader.parse(
            'webrtcendpoint name=e '
            f'signaling-uri=whep://127.0.0.1:{B}/live/whep '
            'e.video_src_0 ! decodebin ! VIDEO')
        self.read = reader.Reader(self.pipeline)
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def news(self):
        return [m.get_structure().to_string()[:200]
                for m in iter(lambda: self.pipeline.get_bus().pop_filtered(
                    Gst.MessageType.ELEMENT), None)]

    def wait(self, since, n, seconds):
        """Seconds from @since until @n numbers were read that came after."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            new = [t for t, c in list(self.read.samples)
                   if c is not None and t / 1000 > since]
            if len(new) >= n:
                return new[0] / 1000 - since
            time.sleep(0.02)
        raise tap.Failed(f'no pictures within {seconds} s: {self.news()}')


def restart(server):
    """As kill -9 and a service manager do it; when it was killed."""
    os.killpg(server.line.process.pid, signal.SIGKILL)
    when = time.monotonic()
    server.line.process.wait()
    server.__exit__(None, None, None)
    server.__enter__()
    return when


def play_on():
    with Source(), Sink(), middle() as line, Reader() as end:
        # It sees only what a key frame begins, asked for from one end to the
        # other, since there are no others.
        tap.note(f'joined in {end.wait(time.monotonic(), 1, 15):.2f} s')
        time.sleep(1)
        end.read.samples.clear()
        time.sleep(4)
        figures = judge.counters(end.read.samples)
        tap.note(figures)
        wrong = judge.plays(figures, 80)
        tap.check(wrong is None, wrong)
        joined = time.monotonic()
        with Reader() as late:
            took = late.wait(joined, 5, 6)
        tap.note(f'a late viewer has pictures after {took:.2f} s')
        tap.check(took < 3, f'{took:.2f} s')
        tap.check('transcode' not in line.output(), 'it was encoded again')


def test_a_picture_goes_through_whep_and_whip_and_key_frames_are_asked_back():
    lab.when_calm(play_on)


def kills():
    with Source() as a, Sink() as b, middle() as line, Reader() as end:
        end.wait(time.monotonic(), 10, 15)
        took = []
        for n in range(2 * KILLS):
            who = (a, b)[n % 2]
            when = restart(who)
            # What was under way is shown still; ten that come after the new
            # one listens are what counts.
            end.wait(time.monotonic(), 10, 15)
            took.append(time.monotonic() - when)
            tap.note(f'server {"AB"[n % 2]} killed: pictures again after '
                     f'{took[-1]:.1f} s')
        for way, times in (('WHEP', took[::2]), ('WHIP', took[1::2])):
            tap.note(f'{way}: {sorted(round(t, 2) for t in times)}')
        tap.check(max(took) <= BACK, f'{took}')
        tap.check(line.process.poll() is None, line.output()[-2000:])


def test_killed_servers_are_called_again():
    lab.when_calm(kills)


if __name__ == '__main__':
    tap.main(globals())
