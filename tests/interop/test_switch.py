#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
"""Kurento's case 58, what it asks of dispatchers: two Chromium tabs are switched
between two sources under load, and see and hear one stream without a fault."""
import json
import time

import lab
lab.enter()

import chromium  # noqa: E402
import farbin  # noqa: E402
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

SWITCHES = 50 if lab.IS_LONG else 12
OTHER = 1 << 20         # the second source counts from here
TONES = (440, 1320)     # Hz, of either source


class Studio:
    """Two sources at the ports 0 and 1 of @hub, named d, and two tabs; a
    recorder takes it all, too."""

    def __init__(self, hub, folder):
        Gst.init(None)
        sources = ' '.join(
            farbin.source('VP8', 96, 0).replace('=picture', f'=picture{n}')
            + f' ! d.video_sink_{n} '
            + farbin.source('OPUS', 111, TONES[n]) + f' ! d.audio_sink_{n}'
            for n in (0, 1))
        self.pipeline = Gst.parse_launch(
            f'{hub} webrtcserver hub=d name=s port=8889 {sources} '
            f'd.video_src_9 ! queue ! matroskamux ! filesink '
            f'location={folder}/load.mkv async=false')
        self.hub = self.pipeline.get_by_name('d')
        self.painters = [farbin.Painter(
            self.pipeline.get_by_name(f'picture{n}'), n * OTHER)
            for n in (0, 1)]

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        for p in self.painters:
            p.start()
        self.browser = chromium.Browser()
        self.pages = []
        for n in (0, 1):
            page = self.browser.open('http://127.0.0.1:8889/live/watch?'
                                     f'app-data=tab{n}')
            self.pages.append(page)
        return self

    def __exit__(self, *_):
        self.browser.close()
        for p in self.painters:
            p.ends.set()
        self.pipeline.set_state(Gst.State.NULL)

    def faults(self):
        bus, texts = self.pipeline.get_bus(), []
        while m := bus.pop_filtered(Gst.MessageType.ERROR
                                    | Gst.MessageType.WARNING):
            texts.append(m.get_structure().to_string())
        return texts


def source_of(number):
    return None if number is None else int(number >= OTHER)


def until_source(page, source, seconds=10):
    """How long until @page shows @source, s."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if any(source_of(n) == source for _, n in page.take()):
            return time.monotonic() - start
        time.sleep(0.02)
    tap.check(False, f'source {source} never came: {page.samples[-5:]}')


def backwards(samples):
    """How often a picture older than one before was shown, of either source."""
    last, n_back = {}, 0
    for _, n in samples:
        if n is not None:
            n_back += n < last.get(source_of(n), n)
            last[source_of(n)] = n
    return n_back


def waiting(video):
    """Pictures that have come and are not decoded yet, or never."""
    return (video['framesReceived'] - video['framesDecoded']
            - video['framesDropped'])


def settled(page, most=None):
    """The statistics of @page's video when the fewest pictures wait; with @most,
    as soon as there are no more. What is never decoded waits for ever."""
    best, end = None, time.monotonic() + (1 if most is None else 10)
    while (best is None or most is None or waiting(best) > most) \
            and time.monotonic() < end:
        video = page.stats()['inbound']['video']
        if best is None or waiting(video) < waiting(best):
            best = video
        time.sleep(0.05)
    return best


def check_page(page, before):
    """Nothing was lost, dropped or asked for in vain since @before."""
    video, then = settled(page, waiting(before) + 1), before
    figures = {k: video.get(k, 0) - then.get(k, 0) for k in
               ('framesReceived', 'framesDecoded', 'framesDropped',
                'keyFramesDecoded', 'packetsLost', 'nackCount', 'pliCount',
                'freezeCount')}
    unreadable = sum(n is None for _, n in page.samples)
    tap.note(f'{figures}, {len(page.samples)} shown, {unreadable} unreadable, '
             f'{backwards(page.samples)} backwards')
    tap.check(figures['packetsLost'] == 0, 'the row of numbers has a hole')
    tap.check(waiting(video) <= waiting(then) + 1,
              'pictures were never decoded')
    tap.check(figures['keyFramesDecoded'] >= SWITCHES, 'switched without one')
    tap.check(figures['pliCount'] <= 1, 'the decoder asked for help')
    tap.check(unreadable == 0 and backwards(page.samples) == 0,
              'a damaged or an old picture was shown')
    tap.check(len({s['ssrc'] for s in (video, then)}) == 1, 'another stream')
    return figures


def switch(hub, change):
    """@change (studio, source) is called SWITCHES times."""
    import tempfile
    with tempfile.TemporaryDirectory() as folder, Studio(hub, folder) as s:
        change(s, 0)
        for page in s.pages:
            page.watch()
            until_source(page, 0)
        for page in s.pages:
            page.samples.clear()
        before = [settled(page) for page in s.pages]
        took = []
        for i in range(SWITCHES):
            change(s, (i + 1) % 2)
            for page in s.pages:
                took.append(until_source(page, (i + 1) % 2))
        tap.note(f'a switch took {sorted(took)[len(took) // 2]:.2f} s, '
                 f'{max(took):.2f} at most')
        for page, then in zip(s.pages, before):
            check_page(page, then)
        for n in (0, 1):        # what is heard is who is seen
            change(s, n)
            for page in s.pages:
                until_source(page, n)
            tone = s.pages[n].tone(TONES[n])
            tap.check(tone >= 20, f'source {n} is heard with {tone:.0f} dB')
        tap.check(not s.faults(), s.faults())


def connect(s, source):
    for to in ('tab0', 'tab1', '9'):
        tap.check(s.hub.emit('connect', str(source), to), 'not connected')


def test_58_dispatcher_switched_under_load():
    lab.when_calm(lambda: switch('dispatcher name=d', connect))


if lab.IS_LONG:
    def test_58_one_to_many_switched_under_load():
        lab.when_calm(lambda: switch(
            'dispatcheronetomany name=d', lambda s, source:
            s.hub.set_property('main', json.dumps(source))))


if __name__ == '__main__':
    tap.main(globals())
