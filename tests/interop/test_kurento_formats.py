#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""Kurento's case 44: one track to viewers of different codecs, with one encoder
per codec however many take it, made for the first and gone with the last."""
import time

import lab
lab.enter()

import farbin  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402
from farbin import Gst, GstWebRTC  # noqa: E402

PICTURES = 60 if lab.IS_LONG else 30
RTP = ('application/x-rtp,media={0},encoding-name={1},payload={2},'
       'clock-rate={3}')
CAPS = {
    'VP8': RTP.format('video', 'VP8', 96, 90000),
    'H264': RTP.format('video', 'H264', 108, 90000)
    + ',packetization-mode=(string)1,profile-level-id=(string)42e01f',
    'OPUS': RTP.format('audio', 'OPUS', 111, 48000)
    + ',encoding-params=(string)2',
    'PCMU': RTP.format('audio', 'PCMU', 0, 8000),
}
RAW = {
    'video': 'appsrc name=picture format=time is-live=true do-timestamp=true '
             f'caps=video/x-raw,format=I420,width={farbin.WIDTH},'
             f'height={farbin.HEIGHT},framerate={farbin.FPS}/1 ! queue',
    'audio': 'audiotestsrc is-live=true freq=440 volume=0.3 '
             'samplesperbuffer=960 ! audio/x-raw,rate=48000,channels=2 ! queue',
}


class Room(farbin.End):
    """A hub; what is in it is read from its pipeline."""

    def __init__(self):
        super().__init__('hub name=room', [], 440)
        self.said = []
        bus = self.pipeline.get_bus()
        bus.enable_sync_message_emission()
        bus.connect('sync-message', self.on_message)

    def publish(self, kind):
        part = Gst.parse_bin_from_description(RAW[kind], True)
        self.pipeline.add(part)
        pad = self.element.request_pad_simple(f'{kind}_sink_0')
        tap.check(part.get_static_pad('src').link(pad) == Gst.PadLinkReturn.OK,
                  f'raw {kind} does not link')
        if picture := part.get_by_name('picture'):
            self.painter = farbin.Painter(picture)

    def encoders(self):
        """Names of the factories of all encoders there are, in order."""
        found, it = [], self.pipeline.iterate_recurse()
        while True:
            result, element = it.next()
            if result == Gst.IteratorResult.RESYNC:
                found.clear()
                it.resync()
            elif result != Gst.IteratorResult.OK:
                return sorted(found)
            elif ((factory := element.get_factory())
                  and 'Encoder' in factory.get_metadata('klass')):
                found.append(factory.get_name())

    def until_encoders(self, names, seconds=30):
        end = time.monotonic() + seconds
        while self.encoders() != sorted(names) and time.monotonic() < end:
            time.sleep(0.02)
        tap.check(self.encoders() == sorted(names),
                  f'{self.encoders()}, not {names}: {self.said}')

    def on_message(self, _, message):
        kept = (Gst.MessageType.ELEMENT | Gst.MessageType.ERROR
                | Gst.MessageType.WARNING)
        if message.type & kept:
            self.said.append(message.get_structure().to_string())

    def transcoding(self, is_active, codec):
        return [s for s in self.said if s.startswith('transcoding')
                and f'is-active=(boolean){str(is_active).lower()}' in s
                and f'to-codec=(string){codec}' in s]

    def until_told(self, is_active, codec, seconds=20):
        """Exactly once; it is told after the element came or went."""
        end = time.monotonic() + seconds
        while (not self.transcoding(is_active, codec)
               and time.monotonic() < end):
            time.sleep(0.02)
        tap.check(len(self.transcoding(is_active, codec)) == 1, self.said)


class Viewer:
    """A stock webrtcbin that knows @codecs only, and its endpoint in @room."""

    def __init__(self, room, codecs, name):
        self.room, self.codecs = room, codecs
        self.far = farbin.Webrtcbin([])
        for codec in codecs:
            self.far.element.emit(
                'add-transceiver',
                GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY,
                Gst.Caps.from_string(CAPS[codec]))
        self.near = farbin.Ours([], pipeline=room.pipeline)
        self.near.element.set_property('hub', 'room')
        self.near.element.set_property('app-data', name)
        self.near.element.sync_state_with_parent()

    def call(self):
        farbin.call(self.far, self.near)
        return self

    def first_picture(self):
        """Seconds until there is one: a key frame had to be asked for."""
        start = time.monotonic()
        self.far.wait_media({'video'}, 1, 20)
        return time.monotonic() - start

    def plays(self, n=PICTURES):
        self.far.wait_media({'audio', 'video'}, n + 10, 20)
        video, tone = self.far.figures()
        tap.note(f'{self.codecs}: {video}, tone {tone:.1f} dB')
        wrong = judge.plays(video, n // 2)
        tap.check(wrong is None, f'{self.codecs}: {wrong} '
                                 f'{self.room.said[-8:]}')
        tap.check(tone >= 15, f'{self.codecs}: tone {tone:.1f} dB')
        tap.check(not self.far.errors(), self.far.errors())

    def leave(self):
        self.far.pipeline.set_state(Gst.State.NULL)
        self.near.element.set_state(Gst.State.NULL)
        self.room.pipeline.remove(self.near.element)


@lab.calm
def test_44_raw_to_vp8_h264_opus_pcmu_with_one_encoder_each():
    with Room() as room:
        room.publish('video')
        room.publish('audio')
        room.play()
        room.until_encoders(['vp8enc', 'opusenc'])
        first = [Viewer(room, ['VP8', 'OPUS'], f'vp8-{i}').call()
                 for i in range(2)]
        tap.check(room.encoders() == ['opusenc', 'vp8enc'], room.encoders())
        second = [Viewer(room, ['H264', 'PCMU'], 'h264-0').call()]
        every = ['mulawenc', 'opusenc', 'vp8enc', 'x264enc']
        room.until_encoders(every)
        second[0].plays()
        second.append(Viewer(room, ['H264', 'PCMU'], 'h264-1').call())
        took = second[1].first_picture()
        tap.note(f'the second of H.264 sees after {took:.2f} s')
        tap.check(took < 5, f'no key frame for {took:.1f} s')
        for viewer in first + second:
            viewer.plays()
        tap.check(room.encoders() == every, room.encoders())
        for codec in 'H264', 'PCMU':
            room.until_told(True, codec)
        second.pop().leave()
        time.sleep(0.3)
        tap.check(room.encoders() == every, room.encoders())
        second.pop().leave()
        room.until_encoders(['vp8enc', 'opusenc'])
        room.until_told(False, 'H264')
        tap.check(not any('not-negotiated' in s for s in room.said),
                  room.said)
        for viewer in first:
            viewer.far.forget()
            viewer.plays()
            viewer.leave()


@lab.calm
def test_44_a_peers_vp8_and_opus_to_h264_and_pcmu_while_somebody_wants_them():
    with Room() as room, farbin.Ours(['VP8', 'OPUS']) as publisher:
        room.play()
        near = farbin.Ours([], pipeline=room.pipeline)
        near.element.set_property('hub', 'room')
        near.element.sync_state_with_parent()
        farbin.call(publisher, near)
        vp8 = Viewer(room, ['VP8', 'OPUS'], 'vp8').call()
        vp8.plays()
        tap.check(room.encoders() == [], room.encoders())
        h264 = Viewer(room, ['H264', 'PCMU'], 'h264').call()
        h264.plays()
        tap.check(room.encoders() == ['mulawenc', 'x264enc'], room.encoders())
        h264.leave()
        room.until_encoders([])
        for codec in 'H264', 'PCMU':
            for is_active in True, False:
                room.until_told(is_active, codec)
        vp8.leave()


if __name__ == '__main__':
    tap.main(globals())
