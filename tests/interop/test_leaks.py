#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""What a viewer costs, and that all of it comes back."""
import collections
import os
import re
import tempfile
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import reader  # noqa: E402,F401  (initialises GStreamer)
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

PORT = 8889
URL = f'http://127.0.0.1:{PORT}/live/whep'
JOINS = 50
Gst.init(None)


def threads():
    return len(os.listdir('/proc/self/task'))


def descriptors():
    return len(os.listdir('/proc/self/fd'))


def elements(pipeline):
    names, i = [], pipeline.iterate_recurse()
    while True:
        result, e = i.next()
        if result == Gst.IteratorResult.RESYNC:
            names.clear()
            i.resync()
        elif result != Gst.IteratorResult.OK:
            return sorted(names)
        else:
            names.append(e.__gtype__.name + ' ' + e.get_name())


def settled(function, seconds=5, is_back=lambda _: True):
    """@function's value once it stays for half a second, and, where what is
    left goes by itself, once @is_back says that it went."""
    last, since, end = function(), time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < end and (
            time.monotonic() - since < 0.5 or not is_back(last)):
        time.sleep(0.05)
        if (now := function()) != last:
            last, since = now, time.monotonic()
    return last


class Server:
    def __enter__(self):
        path = counter.cached_file(lab.DATA, 30)
        self.pipeline = Gst.parse_launch(
            f'hub name=room playerendpoint uri={lab.uri(path)} loop=true '
            f'hub=room webrtcserver name=s hub=room port={PORT}')
        self.pipeline.set_state(Gst.State.PLAYING)
        end = time.monotonic() + 30
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
        after = settled(s.state, 20, lambda now: now[2] == before[2])
    tap.note(f'threads {before[0]} → {joined[0]} → {after[0]}, '
             f'descriptors {before[1]} → {joined[1]} → {after[1]}')
    new = [e.split()[0] for e in joined[2] if e not in before[2]]
    tap.check(joined[0] <= before[0], 'a viewer added a thread')
    tap.check(new == ['ViaWebrtcEndpoint'], f'a viewer added {new}')
    tap.check(after[2] == before[2], 'an element stayed')


def every(iterator):
    while True:
        result, item = iterator.next()
        if result != Gst.IteratorResult.OK:
            return
        yield item


class Pads:
    """Counts what crosses any pad of a pipeline, elements of all bins."""

    def __init__(self, pipeline):
        self.counts = collections.Counter()
        for element in list(every(pipeline.iterate_recurse())):
            for pad in element.pads:
                pad.add_probe(Gst.PadProbeType.BUFFER
                              | Gst.PadProbeType.BUFFER_LIST, self.count)

    def count(self, pad, info):
        self.counts[pad.get_path_string()] += 1
        return Gst.PadProbeReturn.OK

    def during(self, seconds):
        self.counts.clear()
        time.sleep(seconds)
        return dict(self.counts)


def packets_sent(endpoint):
    stats = endpoint.get_property('stats')
    return sum(int(n) for n in re.findall(
        r'packets-sent=\(guint64\)(\d+)',
        stats.to_string().replace('\\', '')))


@lab.calm
def test_forwarded_packets_cross_no_pad():
    with Server() as s:
        pads = Pads(s.pipeline)
        without = pads.during(3)
        s.join()
        viewer = next(e for e in every(s.pipeline.iterate_recurse())
                      if e.__gtype__.name == 'ViaWebrtcEndpoint')
        end = time.monotonic() + 20
        while packets_sent(viewer) == 0 and time.monotonic() < end:
            time.sleep(0.1)
        before = packets_sent(viewer)
        watched = pads.during(3)
        sent = packets_sent(viewer) - before
        crossed = viewer.numpads
        s.leave()
    tap.note(f'{sent} packets to the viewer; over pads {sum(without.values())} '
             f'without, {sum(watched.values())} with it')
    tap.check(sent > 100, f'only {sent} packets were sent')
    tap.check(crossed == 0, f'the viewer has {crossed} pads')
    tap.check(set(watched) <= set(without), 'other pads are used')
    tap.check(sum(watched.values()) < sum(without.values()) * 1.1 + 20,
              'more crosses pads than before')


def test_everything_returns_after_many_joins_and_leaves():
    path = counter.cached_file(lab.DATA, 30)
    with tempfile.NamedTemporaryFile('r', prefix='via-leaks-') as log, \
            lab.Launch(f'hub name=room playerendpoint uri={lab.uri(path)} '
                       f'loop=true hub=room webrtcserver hub=room port={PORT}',
                       env={'GST_TRACERS': 'leaks', 'GST_DEBUG_NO_COLOR': '1',
                            'GST_DEBUG': 'GST_TRACER:7',
                            'GST_DEBUG_FILE': log.name}) as launch, \
            chromium.Browser() as b:
        launch.until(f'http://127.0.0.1:{PORT}/live/')
        pid = launch.process.pid

        def state():
            return (len(os.listdir(f'/proc/{pid}/task')),
                    len(os.listdir(f'/proc/{pid}/fd')))
        page = b.open(f'http://127.0.0.1:{PORT}/live/nothing')

        def join_and_leave():
            page.eval(f'viaFar.join("{URL}")')
            status = page.eval('viaFar.leave()')
            tap.check(status == 200, f'DELETE answered {status}')
        for _ in range(3):
            join_and_leave()
        before = settled(state)
        for _ in range(JOINS):
            join_and_leave()
        after = settled(state, 20, lambda now: now[0] <= before[0]
                        and now[1] <= before[1])
        rc, _ = launch.interrupt()
        tap.check(rc == 0, f'{rc}: {launch.output()}')
        alive = [line for line in log.read().splitlines()
                 if 'object-alive, type-name' in line and 'format' not in line]
    tap.note(f'after {JOINS} joins: threads {before[0]} → {after[0]}, '
             f'descriptors {before[1]} → {after[1]}, '
             f'{len(alive)} objects alive at the end')
    tap.check(after[0] <= before[0], 'threads stayed')
    tap.check(after[1] <= before[1], 'descriptors stayed')
    types = collections.Counter(
        re.search(r'type-name=\(string\)([\w<>]+)', a)[1] for a in alive)
    tap.check(not types, f'objects stayed: {types}\n' + '\n'.join(alive[:5]))


if __name__ == '__main__':
    tap.main(globals())
