#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
# in pairs
"""Two webrtcendpoints send each other pictures and sound, decoded at both ends."""
import time

import lab
lab.enter()

import counter  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

RTP = ('e.video_src_0 ! rtpvp8depay ! vp8dec ! VIDEO '
       'e.audio_src_0 ! rtpopusdepay ! opusdec ! AUDIO')
NAMED = 'e.video_src_0 ! decodebin ! VIDEO  e.audio_src_0 ! decodebin ! AUDIO'


def clip():
    path = counter.cached_file(lab.DATA, 30)
    return (f'filesrc location={path} ! matroskademux name=u '
            'u. ! queue ! e.  u. ! queue ! e.')


class End:
    def __init__(self, sinks, source=None):
        Gst.init(None)
        self.pipeline = reader.parse(
            f'webrtcendpoint name=e  {source or clip()}  {sinks}')
        self.e = self.pipeline.get_by_name('e')
        self.reader = reader.Reader(self.pipeline)
        self.pipeline.set_state(Gst.State.PLAYING)

    def tell(self, other):
        self.e.connect('on-ice-candidate', lambda _, i, text:
                       other.e.emit('add-ice-candidate', i, text))

    def forget(self):
        self.reader.samples.clear()
        self.reader.audio.clear()

    def stop(self):
        self.pipeline.set_state(Gst.State.NULL)


def call(a, b):
    a.tell(b)
    b.tell(a)
    answer = b.e.emit('process-offer', a.e.emit('generate-offer'))
    tap.check(answer, 'no answer')
    tap.check(a.e.emit('process-answer', answer), 'the answer is refused')
    a.e.emit('gather-candidates')
    b.e.emit('gather-candidates')


def play(sinks, seconds=5, source=None):
    a, b = End(sinks, source), End(sinks, source)
    try:
        call(a, b)
        until = time.monotonic() + 20
        while (not (a.reader.samples and b.reader.samples)
               and time.monotonic() < until):
            time.sleep(0.1)
        time.sleep(1)
        a.forget()
        b.forget()
        time.sleep(seconds)
        figures = a.reader.figures(), b.reader.figures()
        stats = [x.e.get_property('stats') for x in (a, b)]
    finally:
        a.stop()
        b.stop()
    return figures, stats


def check(sinks):
    figures, stats = play(sinks)
    for f, s in zip(figures, stats):
        tap.note(f'{f}, {s.get_string("srtp-profile")}')
        wrong = judge.plays(f, 100)
        tap.check(wrong is None, wrong)
        tap.check(f['tone_db'] >= judge.TONE_DB, f'tone {f["tone_db"]}')
        tap.check(s.get_string('srtp-profile') == 'AEAD_AES_128_GCM',
                  s.get_string('srtp-profile'))


def test_rtp_pads_play_both_ways():
    lab.when_calm(lambda: check(RTP))


def test_decodebin_plays_both_ways():
    lab.when_calm(lambda: check(NAMED))


def everyday_lines():
    path = lab.uri(counter.cached_file(lab.DATA, 30, width=320, height=180))
    encoded = ('videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! '
               'vp8enc deadline=1 ! rtpvp8pay ! e.')
    for source, has_numbers in ((encoded, 0), (f'uridecodebin uri={path} name=u  '
                                         'u. ! e.  u. ! e.', 1)):
        figures, _ = play('e. ! decodebin ! VIDEO', 3, source)
        tap.note(figures)
        for f in figures:       # how many says how busy the machine is
            tap.check(f['shown'] >= 5, f'{source}: {f}')
            tap.check(not has_numbers or f['in_order'] >= judge.IN_ORDER,
                      f'{source}: not the pictures that were sent, {f}')


def test_everyday_lines_without_names_play():
    lab.when_calm(everyday_lines)


def leave_the_other_branch():
    pipeline = reader.parse(
        'videotestsrc is-live=true ! video/x-raw,width=320,height=240,'
        'framerate=30/1 ! tee name=t  t. ! queue ! webrtcendpoint '
        't. ! queue ! fakesink name=s sync=true signal-handoffs=true')
    count = []
    pipeline.get_by_name('s').connect('handoff', lambda *_: count.append(1))
    pipeline.set_state(Gst.State.PLAYING)
    time.sleep(1)
    before = len(count)
    time.sleep(3)
    rate = (len(count) - before) / 3
    pipeline.set_state(Gst.State.NULL)
    # 30, but for when this process is not scheduled at either end of the time.
    tap.check(rate >= 25, f'{rate:.1f} pictures a second')


def test_an_endpoint_without_a_peer_leaves_the_other_branch_of_a_tee():
    lab.when_calm(leave_the_other_branch)


if __name__ == '__main__':
    tap.main(globals())
