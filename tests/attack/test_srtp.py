#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
"""Someone on the path of a live call sends packets of his own, from the peer's
address: forged and replayed. None does harm, each is counted."""
import os
import random
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import farbin  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

FORGED, REPLAYED, CONTROL = 5000, 4000, 1000
A_SECOND = 2500
TTL = 63                # of ours, so that we do not overhear ourselves


def selected(end):
    """The two UDP ports of @end's selected pair: its own, the peer's."""
    stats = end.stats()             # owns what it holds
    ice = stats.get_value('ice')
    return tuple(int(re.search(r':(\d+)$', ice.get_string(w))[1])
                 for w in ('local', 'remote'))


class Spy(threading.Thread):
    """Keeps what goes over loopback from one UDP port to another."""

    def __init__(self, source, target):
        super().__init__(daemon=True)
        self.ports = struct.pack('!HH', source, target)
        self.rtp, self.rtcp, self.ends = [], [], False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(0x0800))
        self.socket.bind(('lo', 0x0800))
        self.socket.settimeout(0.2)
        self.start()

    def run(self):
        while not self.ends:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            header = (data[0] & 15) * 4
            if data[8] == TTL or data[9] != 17 or data[header:header + 4] != self.ports:
                continue
            data = data[header + 8:]
            # A run of packets may still be one, for the kernel to cut.
            if 128 <= data[0] < 192 and len(data) < 1250:
                is_control = 192 <= data[1] <= 223
                (self.rtcp if is_control else self.rtp).append(data)


class Forger:
    """Sends UDP from any port of our address: the peer's."""

    def __init__(self, source, target):
        self.ports = source, target
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                    socket.IPPROTO_RAW)
        self.sent, self.start = 0, time.monotonic()

    def send(self, data):
        address = socket.inet_aton(lab.ADDRESS)
        udp = struct.pack('!HHHH', *self.ports, 8 + len(data), 0)
        ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28 + len(data), 0, 0, TTL,
                         17, 0, address, address)
        self.socket.sendto(ip + udp + data, (lab.ADDRESS, 0))
        self.sent += 1
        time.sleep(max(0, self.start + self.sent / A_SECOND
                       - time.monotonic()))


def forged_rtp(real, dice):
    """@real's header with another sequence number, then noise: some of a stream
    that nobody has."""
    header = 12
    if real[0] & 0x10:
        header += 4 + 4 * int.from_bytes(real[14:16], 'big')
    seq = (int.from_bytes(real[2:4], 'big') + dice.randint(-50, 30000)) % 65536
    ssrc = real[8:12] if dice.random() < 0.8 else dice.randbytes(4)
    return (real[:2] + seq.to_bytes(2, 'big') + real[4:8] + ssrc
            + real[12:header] + dice.randbytes(len(real) - header))


def forged_rtcp(real, dice):
    """A goodbye, a wish for a key frame …: real header, noise as its tag."""
    kind = dice.choice((200, 201, 203, 205, 206))
    return real[:1] + bytes([kind]) + real[2:8] + dice.randbytes(len(real) - 12) \
        + (1 << 31 | dice.randint(0, 2000)).to_bytes(4, 'big')


def attack(spy, forger):
    """What was sent, by kind."""
    dice = random.Random(7)
    plan = (['rtp'] * FORGED + ['replay'] * REPLAYED + ['rtcp'] * CONTROL)
    dice.shuffle(plan)
    for kind in plan:
        real = dice.choice(list(spy.rtp))
        if kind == 'rtp':
            forger.send(forged_rtp(real, dice))
        elif kind == 'replay':
            forger.send(real)
        else:
            forger.send(forged_rtcp(dice.choice(list(spy.rtcp)), dice))
    return len(plan)


def drops(end):
    stats = end.stats()
    found = stats.get_value('drops')
    return {found.nth_field_name(i):
            found.get_value(found.nth_field_name(i))
            for i in range(found.n_fields())}


def media(end, field):
    stats = end.stats()
    return [m.get_value(field) for m in stats['media']]


def ten_thousand():
    with farbin.Ours(['VP8', 'OPUS']) as a, farbin.Ours([]) as b:
        farbin.call(a, b)
        b.wait_media({'video', 'audio'}, 30, 20)
        to, source = selected(b)
        spy, forger = Spy(source, to), None
        end = time.monotonic() + 20
        while not (len(spy.rtp) > 100 and spy.rtcp) and time.monotonic() < end:
            time.sleep(0.1)     # until an SR has come by
        tap.check(spy.rtp and spy.rtcp, 'nothing was overheard')
        b.forget()
        before, key_frames = drops(b), media(b, 'key-frames-received')
        forger, start = Forger(source, to), time.monotonic()
        sent = attack(spy, forger)
        end = time.monotonic() + 10
        while (sum((after := drops(b)).values()) - sum(before.values()) < sent
               and time.monotonic() < end):
            time.sleep(0.1)
        spy.ends = True
        took = time.monotonic() - start
        gone = {k: after[k] - before[k] for k in after if after[k] != before[k]}
        video, tone = b.figures()
        tap.note(f'{sent} sent, dropped {gone}; {video}, tone {tone:.1f} dB, '
                 f'{b.state()}')
        tap.check(b.state() == 'connected', f'it is {b.state()}')
        tap.check(video['in_order'] == 1 and not video['backwards']
                  and not video['unreadable'], f'pictures were lost: {video}')
        tap.check(judge.plays(video, 60) is None, judge.plays(video, 60))
        tap.check(tone >= 15, f'tone {tone:.1f} dB')
        tap.check(not any(media(b, 'packets-lost')), 'packets count as lost')
        begun = media(b, 'key-frames-received')[0] - key_frames[0]
        # Of its own accord it begins anew each 50 pictures.
        usual = took * farbin.FPS / 50 + 2
        tap.check(begun <= usual, f'{begun} key frames: the sender began anew')
        # A forged number that was there already is called a replay.
        tap.check(set(gone) == {'auth', 'replay'}, gone)
        tap.check(gone['auth'] >= 0.9 * (FORGED + CONTROL), gone)
        tap.check(gone['replay'] >= REPLAYED, gone)
        tap.check(sum(gone.values()) == sent, f'{sent} sent, {gone}')


def test_ten_thousand_forged_and_replayed_packets_harm_nothing():
    lab.when_calm(ten_thousand)


if __name__ == '__main__':
    tap.main(globals())
