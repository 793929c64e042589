# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two ends of a call in one process: ours, and a stock webrtcbin (or ours).

    with farbin.Ours('VP8', 'OPUS') as a, farbin.Webrtcbin('VP8', 'OPUS') as b:
        farbin.call(a, b); …; a.figures(); b.figures()

Each end sends the counter picture and a tone encoded with stock elements, and
reads what it gets, decoded by stock elements.
"""
import re
import threading
import time

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstSdp', '1.0')
gi.require_version('GstWebRTC', '1.0')
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402

import counter  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402

WIDTH, HEIGHT, FPS = 320, 180, 25
#         encoder, payloader, payload type, clock rate
CODECS = {
    'VP8': ('vp8enc deadline=1 cpu-used=8 target-bitrate=800000 '
            'keyframe-max-dist=50 error-resilient=default ! '
            'rtpvp8pay picture-id-mode=15-bit', 96, 90000),
    'VP9': ('vp9enc deadline=1 cpu-used=8 target-bitrate=800000 '
            'keyframe-max-dist=50 lag-in-frames=0 ! '
            'rtpvp9pay picture-id-mode=15-bit', 98, 90000),
    'H264': ('x264enc tune=zerolatency speed-preset=ultrafast key-int-max=50 '
             'bitrate=800 ! video/x-h264,profile=constrained-baseline ! '
             'rtph264pay config-interval=-1 aggregate-mode=zero-latency',
             108, 90000),
    'OPUS': ('opusenc frame-size=20 ! rtpopuspay', 111, 48000),
    'PCMU': ('audioresample ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! '
             'rtppcmupay min-ptime=20000000 max-ptime=20000000', 0, 8000),
    'PCMA': ('audioresample ! audio/x-raw,rate=8000,channels=1 ! alawenc ! '
             'rtppcmapay min-ptime=20000000 max-ptime=20000000', 8, 8000),
}
AUDIO = ('OPUS', 'PCMU', 'PCMA')


def source(codec, pt, freq):
    """A live source of @codec as RTP, as text of a launch line."""
    if codec in AUDIO:
        return (f'audiotestsrc is-live=true freq={freq} volume=0.3 '
                'samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 ! '
                f'queue ! audioconvert ! {CODECS[codec][0]} pt={pt}')
    return ('appsrc name=picture format=time is-live=true do-timestamp=true '
            f'caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},'
            f'framerate={FPS}/1 ! queue ! {CODECS[codec][0]} pt={pt}')


class Painter(threading.Thread):
    """Pushes the counter picture into an appsrc at its pace."""

    def __init__(self, appsrc, first=0):
        super().__init__(daemon=True)
        self.appsrc, self.first = appsrc, first
        self.ends = threading.Event()

    def run(self):
        painter, start, n = counter.Painter(WIDTH, HEIGHT), time.monotonic(), 0
        while not self.ends.wait(max(0, start + n / FPS - time.monotonic())):
            frame = Gst.Buffer.new_wrapped(painter.frame(self.first + n))
            if self.appsrc.emit('push-buffer', frame) != Gst.FlowReturn.OK:
                return
            n += 1


class End:
    """A pipeline with the element `e`; @codecs are what it sends."""

    def __init__(self, element, codecs, freq, pipeline=None):
        Gst.init(None)
        self.codecs, self.freq = codecs, freq
        self.pipeline = pipeline or Gst.Pipeline.new(None)
        self.element = Gst.parse_launch(element)
        self.pipeline.add(self.element)
        self.readers, self.painter, self.locks = {}, None, threading.Lock()
        self.every = []         # (kind, reader) of each pad
        self.element.connect('pad-added', self.on_pad)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.painter:
            self.painter.ends.set()
        self.pipeline.set_state(Gst.State.NULL)

    def feed(self, codec, pt, name, caps=''):
        part = Gst.parse_bin_from_description(
            source(codec, pt, self.freq) + caps, True)
        self.pipeline.add(part)
        pad = self.element.request_pad_simple(name)
        tap.check(part.get_static_pad('src').link(pad) == Gst.PadLinkReturn.OK,
                  f'{codec} does not link to {pad.get_name()}')
        if picture := part.get_by_name('picture'):
            self.painter = Painter(picture)
        part.sync_state_with_parent()

    def play(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        if self.painter and not self.painter.ident:
            self.painter.start()

    def on_pad(self, _, pad):
        """Decodes what comes, into a reader per kind."""
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        decoder = Gst.parse_bin_from_description('decodebin name=d', False)
        inner = decoder.get_by_name('d')
        decoder.add_pad(Gst.GhostPad.new('sink', inner.get_static_pad('sink')))
        inner.connect('pad-added', self.on_decoded)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad('sink'))

    def on_decoded(self, decoder, pad):
        kind = pad.query_caps(None).get_structure(0).get_name()[:5]
        text = reader.VIDEO if kind == 'video' else reader.AUDIO
        sink = Gst.parse_bin_from_description(text.format(sync='false'), True)
        decoder.get_parent().add(sink)
        with self.locks:
            self.readers[kind] = reader.Reader(sink)
            self.every.append((kind, self.readers[kind]))
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad('sink'))

    def errors(self):
        bus, texts = self.pipeline.get_bus(), []
        while m := bus.pop_filtered(Gst.MessageType.ERROR
                                    | Gst.MessageType.WARNING):
            parse = (m.parse_error if m.type == Gst.MessageType.ERROR
                     else m.parse_warning)
            texts.append(' '.join(str(p) for p in parse()))
        return texts

    def forget(self):
        """What was read so far."""
        with self.locks:
            for r in self.readers.values():
                r.samples.clear()
                r.audio.clear()

    def wait_media(self, kinds, n, seconds):
        """Until @n pictures and half as much 20 ms sound were read."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (('video' not in kinds or len(self.read('video').samples) >= n)
                    and ('audio' not in kinds
                         or sum(map(len, self.read('audio').audio))
                         >= n * 48000 // FPS)):
                return
            time.sleep(0.05)

    def read(self, kind):
        with self.locks:
            return self.readers.get(kind) or reader.Reader(Gst.Bin.new(None))

    def figures(self, skip=10):
        """Of the picture (without the first @skip) and of the tone."""
        import judge
        import numpy
        audio = self.read('audio').audio[20:]
        return (judge.counters(self.read('video').samples[skip:]),
                judge.tone_db(numpy.concatenate(audio), 48000)
                if audio else float('-inf'))


class Ours(End):
    def __init__(self, codecs, freq=440, pipeline=None):
        super().__init__('webrtcendpoint', codecs, freq, pipeline)
        self.gathered = threading.Event()
        self.element.connect('on-ice-gathering-done',
                             lambda *_: self.gathered.set())
        for codec in codecs:
            kind = 'audio' if codec in AUDIO else 'video'
            self.feed(codec, CODECS[codec][1], f'{kind}_sink_%u')

    def emit(self, action, *args):
        result = self.element.emit(action, *args)
        tap.check(result, f'{action}: {self.errors()}')
        return result

    def describe(self):
        self.emit('gather-candidates')
        tap.check(self.gathered.wait(30), 'gathering does not end')
        return self.element.get_property('local-description')

    def offer(self):
        self.play()
        self.emit('generate-offer')
        return self.describe()

    def answer(self, offer):
        self.play()
        self.pipeline.get_state(20 * Gst.SECOND)
        self.emit('process-offer', offer)
        return self.describe()

    def accept(self, answer):
        self.emit('process-answer', answer)

    def state(self):
        return self.element.get_property('connection-state').value_nick

    def stats(self):
        return self.element.get_property('stats')


class Webrtcbin(End):
    def __init__(self, codecs, freq=440, pipeline=None, bundle='max-bundle'):
        super().__init__(f'webrtcbin bundle-policy={bundle} latency=100',
                         codecs, freq, pipeline)
        self.gathered = threading.Event()
        self.element.connect('notify::ice-gathering-state', self.on_gathering)

    def on_gathering(self, element, _):
        if (element.get_property('ice-gathering-state')
                == GstWebRTC.WebRTCICEGatheringState.COMPLETE):
            self.gathered.set()

    def ask(self, action, *args):
        promise = Gst.Promise.new()
        self.element.emit(action, *args, promise)
        promise.wait()
        reply = promise.get_reply()
        tap.check(reply is None or not reply.has_field('error'),
                  f'{action}: {reply.to_string() if reply else None}')
        return reply

    def describe(self, kind):
        reply = self.ask(f'create-{kind}', None)    # owns what it holds
        d = reply.get_value(kind)
        self.ask('set-local-description', d)
        tap.check(self.gathered.wait(30), 'webrtcbin does not gather')
        d = self.element.get_property('local-description')
        return d.sdp.as_text()

    def take(self, kind, text):
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        self.ask('set-remote-description',
                 GstWebRTC.WebRTCSessionDescription.new(kind, sdp))

    def start(self, numbers):
        for codec in self.codecs:
            pt = numbers.get(codec, CODECS[codec][1])
            self.feed(codec, pt, 'sink_%u',
                      ' ! capsfilter caps="application/x-rtp,media='
                      f'{"audio" if codec in AUDIO else "video"},'
                      f'encoding-name={codec},payload={pt},'
                      f'clock-rate={CODECS[codec][2]}"')

    def offer(self):
        self.start({})
        self.play()
        end = time.monotonic() + 20     # payloaders know H.264's profile late
        while (any(not p.get_current_caps() for p in self.element.sinkpads)
               and time.monotonic() < end):
            time.sleep(0.02)
        return self.describe('offer')

    def answer(self, offer):
        self.start(numbers_of(offer))
        self.play()
        self.pipeline.get_state(20 * Gst.SECOND)
        self.take(GstWebRTC.WebRTCSDPType.OFFER, offer)
        return self.describe('answer')

    def accept(self, answer):
        self.take(GstWebRTC.WebRTCSDPType.ANSWER, answer)

    def state(self):
        return self.element.get_property('connection-state').value_nick


def numbers_of(offer):
    """The payload types of @offer by codec; H.264's for baseline in mode 1."""
    numbers = {}
    for pt, name in re.findall(r'a=rtpmap:(\d+) ([\w-]+)/', offer):
        fmtp = re.search(rf'a=fmtp:{pt} (.*)', offer)
        if name == 'H264' and not (
                fmtp and 'packetization-mode=1' in fmtp[1]
                and re.search('profile-level-id=42[ce]', fmtp[1], re.I)):
            continue
        numbers.setdefault(name.upper(), int(pt))
    return numbers


def call(offerer, answerer, seconds=30):
    """Offer, answer, and until both are connected."""
    offer = offerer.offer()
    answer = answerer.answer(offer)
    offerer.accept(answer)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if offerer.state() == answerer.state() == 'connected':
            return offer, answer
        time.sleep(0.02)
    tap.check(False, f'{offerer.state()} and {answerer.state()}: '
                     f'{offerer.errors()} {answerer.errors()}')
