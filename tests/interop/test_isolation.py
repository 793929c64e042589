#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# in pairs
"""Two pipelines of one process share nothing, even with hubs of one name."""
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402  (initialises GStreamer)
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402


def url(port):
    return f'http://127.0.0.1:{port}/live/'


def until(address, seconds=30):
    end = time.monotonic() + seconds
    while lab.get(address)[0] != 200:
        tap.check(time.monotonic() < end, f'{address} does not answer')
        time.sleep(0.1)


def first_error(pipeline, seconds=30):
    message = pipeline.get_bus().timed_pop_filtered(
        int(seconds * 1e9), Gst.MessageType.ERROR)
    return ' '.join(str(p) for p in message.parse_error()) if message else None


def test_two_pipelines_with_one_hub_name_stay_apart():
    """The far one's pictures are numbered from 100000: none may come over."""
    near = counter.cached_file(lab.DATA, 10)
    lines = [f'hub name=room playerendpoint uri={lab.uri(near)} hub=room '
             f'app-data=near webrtcserver hub=room port=8801',
             'hub name=room webrtcserver hub=room port=8802 app-data=far']
    Gst.init(None)
    pipelines = [Gst.parse_launch(line) for line in lines]
    try:
        for p in pipelines:
            p.set_state(Gst.State.PLAYING)
        with chromium.Browser() as b:
            for port in (8801, 8802):
                until(url(port))
            page = b.open(url(8801))
            other = b.open(url(8802))
            page.watch()
            time.sleep(3)
            end = time.monotonic() + 20
            while ((figures := page.counters())['shown'] <= 30
                   and time.monotonic() < end):
                time.sleep(0.1)
            tap.note(figures)
            tap.check(figures['shown'] > 30, 'the near one does not play')
            stats = other.stats()
            inbound = (stats or {}).get('inbound', {})
            tap.check(sum(s.get('packetsReceived', 0)
                          for s in inbound.values()) == 0,
                      f'media crossed: {inbound}')
            text = other.eval('document.body.innerText')
            tap.check('near' not in text and 'clip' not in text, text)
    finally:
        for p in pipelines:
            p.set_state(Gst.State.NULL)


def test_a_hub_of_another_pipeline_is_a_clear_error():
    Gst.init(None)
    here, there = Gst.Pipeline.new('here'), Gst.Pipeline.new('there')
    here.add(Gst.parse_launch('hub name=lobby'))
    there.add(Gst.parse_launch('webrtcendpoint name=e hub=lobby'))
    here.set_state(Gst.State.PLAYING)
    try:
        there.set_state(Gst.State.PLAYING)
        text = first_error(there)
        tap.note(text)
        tap.check(text, 'no error')
        tap.check('lobby' in text and 'there' in text,
                  'the error does not name hub and pipeline')
    finally:
        there.set_state(Gst.State.NULL)
        here.set_state(Gst.State.NULL)


if __name__ == '__main__':
    tap.main(globals())
