#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# in pairs
"""Data channels with webrtcbin as the other peer: text and binary messages of
many sizes, both ways, on channels of either side."""
import hashlib
import random
import threading

import lab
lab.enter()

import farbin  # noqa: E402
from gi.repository import GLib, GstWebRTC  # noqa: E402
import tap  # noqa: E402

# It names no a=max-message-size: 64 KiB hold (RFC 8841 §6.1).
SIZES = (1, 2, 1199, 1200, 1201, 16384, 65535)
MESSAGES = [bytes(random.Random(n).randbytes(n)) for n in SIZES]
TEXTS = ['a', 'größer', 'x' * 20000]


class Heard:
    """Messages as they come, from any thread."""

    def __init__(self):
        self.news, self.messages = threading.Condition(), []

    def add(self, message):
        with self.news:
            self.messages.append(message)
            self.news.notify_all()

    def wait(self, n, seconds=10):
        with self.news:
            self.news.wait_for(lambda: len(self.messages) >= n, seconds)
            return list(self.messages)


def told(messages):
    """Short words for a failed check."""
    return [(type(m).__name__, len(m), hashlib.md5(
        m.encode() if isinstance(m, str) else m).hexdigest()[:6])
        for m in messages]


class Theirs(farbin.Webrtcbin):
    """webrtcbin; its channel once it is open."""

    def __init__(self):
        super().__init__(())
        self.heard, self.open, self.channel = Heard(), threading.Event(), None
        self.element.connect('on-data-channel', lambda _, c: self.use(c))

    def use(self, channel):
        self.channel = channel
        channel.connect('on-message-data',
                        lambda _, data: self.heard.add(data.get_data()))
        channel.connect('on-message-string',
                        lambda _, text: self.heard.add(text))
        channel.connect('on-open', lambda _: self.open.set())
        if (channel.get_property('ready-state')
                == GstWebRTC.WebRTCDataChannelState.OPEN):
            self.open.set()

    def create(self, label):
        self.use(self.element.emit('create-data-channel', label, None))

    def send(self, message):
        if isinstance(message, str):
            self.channel.emit('send-string', message)
        else:
            self.channel.emit('send-data', GLib.Bytes.new(message))


class Ours(farbin.Ours):
    def __init__(self):
        super().__init__(())
        self.heard, self.open, self.id = Heard(), threading.Event(), None
        self.label = None
        self.element.connect('data-channel-opened', self.on_open)
        self.element.connect('data-received', self.on_data)

    def on_open(self, _, channel, about):
        self.id, self.label = channel, about.get_string('label')
        self.open.set()

    def on_data(self, _, channel, is_text, data):
        data = data.get_data()
        self.heard.add(data.decode() if is_text else data)

    def create(self, label):
        tap.check(self.element.emit('create-data-channel', label, None) >= 0,
                  f'no channel: {self.errors()}')

    def send(self, message):
        if isinstance(message, str):
            self.emit('send-string', self.id, message)
        else:
            self.emit('send-data', self.id, GLib.Bytes.new(message))


def talk(offerer, answerer):
    with offerer as a, answerer as b:
        for end in (a, b):
            end.element.set_state(farbin.Gst.State.READY)
        a.create('talk')
        farbin.call(a, b)
        for end in (a, b):
            tap.check(end.open.wait(10), f'{end.element.get_name()}: not open')
            tap.check(not end.errors(), str(end.errors()))
        sent = [m for pair in zip(MESSAGES, TEXTS + TEXTS + TEXTS)
                for m in pair]
        for end in (a, b):
            for message in sent:
                end.send(message)
        for end in (a, b):
            heard = end.heard.wait(len(sent))
            tap.check(heard == sent, f'{told(heard)} and not {told(sent)}')
        ours = a if isinstance(a, Ours) else b
        tap.check(ours.label == 'talk', ours.label)


def test_a_channel_of_ours_carries_messages_both_ways():
    talk(Ours(), Theirs())


def test_a_channel_of_webrtcbin_carries_messages_both_ways():
    talk(Theirs(), Ours())


if __name__ == '__main__':
    tap.main(globals())
