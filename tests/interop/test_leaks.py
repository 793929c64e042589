#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
"""What a viewer costs, and that all of it comes back."""
import os
import re
import time

import lab
lab.enter()
os.environ['GST_TRACERS'] = 'leaks(stack-traces-flags=none)'
os.environ['GST_DEBUG'] = 'GST_TRACER:7'
os.environ['GST_DEBUG_NO_COLOR'] = '1'

import chromium  # noqa: E402
import counter  # noqa: E402
import reader  # noqa: E402,F401  (initialises GStreamer)
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

PORT = 8889
URL = f'http://127.0.0.1:{PORT}/live/whep'
JOINS = 50


def threads():
    return len(os.listdir('/proc/self/task'))


def descriptors():
    return len(os.listdir('/proc/self/fd'))


def elements(pipeline):
    names, i = [], pipeline.iterate_recurse()
    while True:
        result, e = i.next()
        if result != Gst.IteratorResult.OK:
            return sorted(names)
        names.append(e.__gtype__.name + ' ' + e.get_name())


def settled(function, seconds=5):
    """@function's value once it stays for half a second."""
    last, since, end = function(), time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < end and time.monotonic() - since < 0.5:
        time.sleep(0.05)
        if (now := function()) != last:
            last, since = now, time.monotonic()
    return last


class Server:
    def __enter__(self):
        Gst.init(None)
        path = counter.cached_file(lab.DATA, 30)
        self.pipeline = Gst.parse_launch(
            f'hub name=room playerendpoint uri={lab.uri(path)} loop=true '
            f'hub=room webrtcserver name=s hub=room port={PORT}')
        self.pipeline.set_state(Gst.State.PLAYING)
        end = time.monotonic() + 10
        while lab.get(f'http://127.0.0.1:{PORT}/live/')[0] != 200:
            tap.check(time.monotonic() < end, 'the server does not answer')
            time.sleep(0.1)
        self.browser = chromium.Browser()
        self.page = self.browser.open(f'http://127.0.0.1:{PORT}/live/')
        self.page.go('http://127.0.0.1:%d/live/nothing' % PORT)
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.pipeline.set_state(Gst.State.NULL)

    def state(self):
        return threads(), descriptors(), elements(self.pipeline)

    def join(self):
        self.page.eval(f'viaFar.join("{URL}")')

    def leave(self):
        status = self.page.eval('viaFar.leave()')
        tap.check(status == 200, f'DELETE answered {status}')


def test_a_viewer_adds_no_thread_and_one_element():
    with Server() as s:
        s.join()
        s.leave()
        before = settled(s.state)
        s.join()
        joined = settled(s.state)
        s.leave()
        after = settled(s.state)
    tap.note(f'threads {before[0]} → {joined[0]} → {after[0]}, '
             f'descriptors {before[1]} → {joined[1]} → {after[1]}')
    new = [e.split()[0] for e in joined[2] if e not in before[2]]
    tap.check(joined[0] <= before[0], 'a viewer added a thread')
    tap.check(new == ['ViaWebrtcEndpoint'], f'a viewer added {new}')
    tap.check(after[2] == before[2], 'an element stayed')


def test_everything_returns_after_many_joins_and_leaves():
    tracer = Gst.tracing_get_active_tracers()[0]
    with Server() as s:
        for _ in range(3):
            s.join()
            s.leave()
        before = settled(s.state)
        tracer.emit('activity-start-tracking')
        for _ in range(JOINS):
            s.join()
            s.leave()
        after = settled(s.state)
        time.sleep(1)
        live = tracer.emit('get-live-objects')
    tap.note(f'after {JOINS} joins: threads {before[0]} → {after[0]}, '
             f'descriptors {before[1]} → {after[1]}')
    tap.check(after[0] <= before[0], 'threads stayed')
    tap.check(after[1] <= before[1], 'descriptors stayed')
    tap.check(after[2] == before[2], 'elements stayed')
    text = live.to_string() if live else ''
    stayed = re.findall(r'\(Via\w+\)|\(GstPad\)|\(GstGhostPad\)', text)
    tap.check(not stayed, f'objects stayed: {stayed[:10]}')


if __name__ == '__main__':
    tap.main(globals())
