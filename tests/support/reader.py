#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A far end made of stock GStreamer: reads pictures' numbers and the tone.

    reader.py 'uridecodebin uri=file:///x.webm name=d  d. ! VIDEO  d. ! AUDIO' [SECONDS [PATH]]

VIDEO and AUDIO stand for the converters and sinks below. Prints JSON, or writes
it to PATH where stdout is somebody else's.
"""
import json
import sys
import time

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstApp', '1.0')
gi.require_version('GstVideo', '1.0')
from gi.repository import Gst, GstApp, GstVideo  # noqa: E402,F401
import numpy  # noqa: E402

import counter  # noqa: E402
import judge  # noqa: E402

VIDEO = ('queue ! videoconvert ! video/x-raw,format=I420 ! '
         'appsink name=reader_video sync={sync} max-buffers=0')
AUDIO = ('queue ! audioconvert ! audioresample ! '
         'audio/x-raw,format=F32LE,channels=1,rate=48000 ! '
         'appsink name=reader_audio sync={sync} max-buffers=0')


class Reader:
    """Collects what arrives at the appsinks of @pipeline; start before PLAYING."""

    def __init__(self, pipeline, keep_frames=False):
        self.samples, self.audio, self.frames = [], [], []
        self.keep_frames = keep_frames
        for name, on_buffer in (('reader_video', self.on_video),
                                ('reader_audio', self.on_audio)):
            if sink := pipeline.get_by_name(name):
                sink.set_property('emit-signals', True)
                sink.connect('new-sample', on_buffer)

    def on_video(self, sink):
        sample = sink.emit('pull-sample')
        info = GstVideo.VideoInfo.new_from_caps(sample.get_caps())
        buffer = sample.get_buffer()
        ok, m = buffer.map(Gst.MapFlags.READ)
        if ok:
            data = bytes(m.data)
            buffer.unmap(m)
            number = counter.read_luma(data, info.width, info.height,
                                       info.stride[0])
            self.samples.append((time.monotonic() * 1000, number))
            if self.keep_frames:
                plane = numpy.frombuffer(data, numpy.uint8,
                                         info.stride[0] * info.height)
                self.frames.append(plane.reshape(
                    info.height, info.stride[0])[:, :info.width].copy())
        return Gst.FlowReturn.OK

    def on_audio(self, sink):
        buffer = sink.emit('pull-sample').get_buffer()
        ok, m = buffer.map(Gst.MapFlags.READ)
        if ok:
            self.audio.append(numpy.frombuffer(bytes(m.data), '<f4'))
            buffer.unmap(m)
        return Gst.FlowReturn.OK

    def figures(self):
        audio = numpy.concatenate(self.audio) if self.audio else []
        return {**judge.counters(self.samples),
                'tone_db': round(judge.tone_db(audio, 48000), 1),
                'audio_seconds': round(len(audio) / 48000, 2)}


def parse(description, sync=False):
    Gst.init(None)
    s = 'true' if sync else 'false'
    return Gst.parse_launch(description.replace('VIDEO', VIDEO.format(sync=s))
                            .replace('AUDIO', AUDIO.format(sync=s)))


def play(pipeline, seconds=None):
    """Plays until EOS, an error (raised) or @seconds passed."""
    pipeline.set_state(Gst.State.PLAYING)
    timeout = Gst.CLOCK_TIME_NONE if seconds is None else int(seconds * 1e9)
    message = pipeline.get_bus().timed_pop_filtered(
        timeout, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    error = (message.parse_error()
             if message and message.type == Gst.MessageType.ERROR else None)
    pipeline.set_state(Gst.State.NULL)
    if error:
        raise RuntimeError(f'{error[0].message} ({error[1]})')


def file_frames(path, seconds=None):
    """The luma planes of the pictures of a video file, or of its beginning."""
    import pathlib
    uri = pathlib.Path(path).resolve().as_uri()
    pipeline = parse(f'uridecodebin uri={uri} caps=video/x-raw ! VIDEO')
    reader = Reader(pipeline, keep_frames=True)
    if seconds:
        pipeline.set_state(Gst.State.PAUSED)
        pipeline.get_state(Gst.CLOCK_TIME_NONE)
        pipeline.seek(1.0, Gst.Format.TIME,
                      Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE,
                      Gst.SeekType.SET, 0, Gst.SeekType.SET,
                      int(seconds * 1e9))
        reader.frames.clear()
    play(pipeline)
    return reader.frames


if __name__ == '__main__':
    p = parse(sys.argv[1], sync=True)
    r = Reader(p)
    play(p, float(sys.argv[2]) if len(sys.argv) > 2 else None)
    with (open(sys.argv[3], 'w', encoding='utf-8') if len(sys.argv) > 3
          else sys.stdout) as f:
        print(json.dumps(r.figures()), file=f)
