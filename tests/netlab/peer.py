#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A webrtcendpoint as a process of its own, driven by lines of JSON (ends.Peer).

    peer.py PROPERTIES      it sends the counter and the tone, and reads the other's

In: ["offer"], ["process-offer", SDP], ["process-answer", SDP], ["gather"],
["candidate", MLINE, TEXT], ["set", NAME, VALUE], ["emit", ACTION], ["forget"],
["figures"]. Out: [WHAT, seconds, …]: "offer", "answer", "candidate", "state",
"needed", "gathered",
"candidate-error", "first", "figures". The end of the input ends it.
"""
import json
import os
import subprocess
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', d)
                for d in ('interop', 'support')]
import lab  # noqa: E402,F401  (the environment)
import counter  # noqa: E402
import reader  # noqa: E402

# Encoded here, so that a picture comes as soon as somebody asks for it.
SOURCE = ('fdsrc fd={fd} ! rawvideoparse format=i420 width=320 height=180 '
          'framerate=15/1 ! queue ! e.video_sink_0 '
          'audiotestsrc freq=440 volume=0.3 is-live=true ! '
          'audio/x-raw,rate=48000,channels=2 ! e.audio_sink_0 ')
SINKS = ('e.video_src_0 ! rtpvp8depay ! vp8dec ! VIDEO '
         'e.audio_src_0 ! rtpopusdepay ! opusdec ! AUDIO')
OUT = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)           # what libraries print is not for ends.Peer
out_lock = threading.Lock()


def tell(*what):
    with out_lock:
        OUT.write(json.dumps([what[0], time.monotonic(), *what[1:]]) + '\n')
        OUT.flush()


class End:
    def __init__(self, properties):
        self.source = subprocess.Popen(
            [sys.executable, counter.__file__, 'raw', '--frames', '9000',
             '--width', '320', '--height', '180', '--fps', '15'],
            stdout=subprocess.PIPE)
        self.pipeline = reader.parse(
            f'webrtcendpoint name=e {properties} '
            + SOURCE.format(fd=self.source.stdout.fileno()) + SINKS)
        self.e = self.pipeline.get_by_name('e')
        self.reader = reader.Reader(self.pipeline)
        self.e.connect('on-ice-candidate',
                       lambda _, i, text: tell('candidate', i, text))
        self.e.connect('connection-state-changed',
                       lambda _, state: tell('state', state.value_nick))
        self.e.connect('on-ice-gathering-done', lambda _: tell('gathered'))
        self.e.connect('on-negotiation-needed', lambda _: tell('needed'))
        bus = self.pipeline.get_bus()
        bus.enable_sync_message_emission()
        bus.connect('sync-message::element', self.message)
        threading.Thread(target=self.first, daemon=True).start()
        self.pipeline.set_state(reader.Gst.State.PLAYING)

    def message(self, _, message):
        s = message.get_structure()
        if s.get_name() == 'ice-candidate-error':
            tell('candidate-error', s.get_string('server'),
                 s.get_string('text'))

    def first(self):
        while not self.reader.samples:
            time.sleep(0.005)
        tell('first', self.reader.samples[0][0] / 1000, self.reader.samples[0][1])

    def figures(self):
        samples = self.reader.samples
        gap = max((b[0] - a[0] for a, b in zip(samples, samples[1:])),
                  default=0)
        stats = self.e.get_property('stats')
        ice = stats.get_value('ice') if stats.has_field('ice') else None
        tell('figures', {
            **self.reader.figures(), 'gap_ms': gap,
            'times': [t for t, _ in samples][-1:],
            'pair': [ice.get_string(n) if ice else None
                     for n in ('local', 'remote')],
            'handshakes': stats.get_value('dtls-handshakes'),
            'srtp': stats.get_string('srtp-profile'),
            'sent': sum(m.get_value('packets-sent')[1] if isinstance(
                m.get_value('packets-sent'), tuple)
                else m.get_value('packets-sent') or 0
                for m in list(stats.get_value('media') or [])
                if m.has_field('packets-sent'))})

    def do(self, what, *rest):
        if what == 'offer':
            tell('offering')
            tell('offer', self.e.emit('generate-offer'))
        elif what == 'process-offer':
            tell('answer', self.e.emit('process-offer', *rest))
        elif what == 'process-answer':
            tell('processed', self.e.emit('process-answer', *rest))
        elif what == 'restart-ice':
            tell('restart-ice', self.e.emit('restart-ice'))
        elif what == 'gather':
            self.e.emit('gather-candidates')
        elif what == 'candidate':
            self.e.emit('add-ice-candidate', *rest)
        elif what == 'set':
            reader.Gst.util_set_object_arg(self.e, *rest)
        elif what == 'emit':
            self.e.emit(*rest)
        elif what == 'forget':
            self.reader.samples.clear()
            self.reader.audio.clear()
        elif what == 'figures':
            self.figures()


def main():
    end = End(' '.join(sys.argv[1:]))
    for line in sys.stdin:
        end.do(*json.loads(line))
    end.pipeline.set_state(reader.Gst.State.NULL)


if __name__ == '__main__':
    main()
