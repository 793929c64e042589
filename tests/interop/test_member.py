#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""signaling-uri=ws://…: a webrtcendpoint is a member of a room, among browsers
and others of its kind. Counters and tones at both ends."""
import os
import signal
import subprocess
import tempfile
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import farbin  # noqa: E402
import judge  # noqa: E402
import numpy  # noqa: E402
import tap  # noqa: E402
import test_conference as conference  # noqa: E402
from gi.repository import Gst  # noqa: E402

ROOM = f'ws://127.0.0.1:{conference.PORT}/live/ws'
MILLION = conference.MILLION
PERSONS = ('Bob', 'Carol')


class Seer(farbin.End):
    """Reads each source pad of its element."""

    def of(self, kind):
        with self.locks:
            return [r for k, r in self.every if k == kind]

    def takes(self):
        """What came so far: samples per video pad, the last sound per audio pad."""
        return ([r.samples[:] for r in self.of('video')],
                [numpy.concatenate(r.audio[-150:]) for r in self.of('audio')
                 if r.audio])

    def until(self, condition, seconds, what):
        start = time.monotonic()
        while not condition():
            tap.check(time.monotonic() - start < seconds,
                      f'{what}: not within {seconds} s; {self.errors()}')
            time.sleep(0.05)
        return time.monotonic() - start

    def sees(self, name):
        """Pictures of @name so far."""
        first = conference.first(name)
        return sum(first <= n < first + MILLION
                   for r in self.of('video') for _, n in r.samples
                   if n is not None)


class Member(Seer):
    """Sends its counter and tone as one of conference.NAMES."""

    def __init__(self, name, uri=ROOM, more=''):
        super().__init__(f'webrtcendpoint signaling-uri={uri} app-data={name} '
                         + more, ('VP8', 'OPUS'), conference.hz(name))
        self.name = name
        for codec in self.codecs:
            self.feed(codec, farbin.CODECS[codec][1],
                      'audio_sink_%u' if codec == 'OPUS' else 'video_sink_%u')
        self.painter.first = conference.first(name)


def check_pads(member, names):
    """Each pad has one of @names alone, and every one of them."""
    videos, sounds = member.takes()
    found = []
    for samples in videos:
        figures = judge.counters(samples[10:])
        tap.note(figures)
        tap.check(figures['first'] is not None, f'a pad without: {figures}')
        owner = [n for n in names if conference.first(n) <= figures['first']
                 and figures['last'] < conference.first(n) + MILLION]
        # A page that has no time makes fewer pictures.
        tap.check(len(owner) == 1 and figures['unreadable'] == 0
                  and figures['backwards'] == 0
                  and figures['in_order'] >= 0.8, f'{figures}')
        found += owner
    tap.check(sorted(found) == sorted(names), f'sees {found}')
    best = [max(names, key=lambda n: judge.tone_db(s, 48000, conference.hz(n)))
            for s in sounds]
    worst = min(max(judge.tone_db(s, 48000, conference.hz(n)) for n in names)
                for s in sounds)
    tap.note(f'hears {best}, at least {worst:.1f} dB')
    tap.check(sorted(best) == sorted(names) and worst >= judge.TONE_DB,
              f'hears {best}, {worst} dB')


def room(more=''):
    line = lab.Launch(conference.LINE + ' ' + more)
    line.until(conference.BASE)
    return line


def among_browsers():
    with room(), Member('Alice') as alice, chromium.Browser() as b:
        people = [conference.Person(b, name) for name in PERSONS]
        alice.play()
        for person, other in zip(people, reversed(PERSONS)):
            person.until_sees(['Alice', other])
        alice.until(lambda: all(alice.sees(n) > 30 for n in PERSONS), 30,
                    'Bob and Carol')
        for person in people:
            person.take()
        time.sleep(conference.WINDOW)
        for person, other in zip(people, reversed(PERSONS)):
            conference.check_pictures(person, person.take(), ['Alice', other])
        conference.check_tones(people, film=['Alice'])
        check_pads(alice, PERSONS)
        start = time.monotonic()
        alice.pipeline.set_state(Gst.State.NULL)
        took = time.monotonic() - start
        people[0].page.until('document.querySelectorAll(".tile[data-peer]")'
                             '.length === 1')
        gone = time.monotonic() - start
        tap.note(f'stopped after {took * 1000:.0f} ms, gone from the page after '
                 f'{gone:.2f} s')
        tap.check(took < 0.5, f'{took:.2f} s to stop')
        tap.check(gone < took + 2, f'{gone:.2f} s until the page shows it')


def test_it_is_seen_and_heard_and_sees_and_hears_all_others():
    lab.when_calm(among_browsers)


KILLS = 10 if lab.IS_LONG else 1


def room_is_killed():
    server = room()
    took = []
    try:
        with Member('Alice') as alice, Member('Bob') as bob:
            alice.play()
            bob.play()
            for _ in range(KILLS):
                before = [alice.sees('Bob'), bob.sees('Alice')]
                alice.until(lambda: alice.sees('Bob') > before[0] + 10
                            and bob.sees('Alice') > before[1] + 10, 15, 'media')
                os.killpg(server.process.pid, signal.SIGKILL)
                killed = time.monotonic()
                server.process.wait()
                server.__exit__(None)
                before = [alice.sees('Bob'), bob.sees('Alice')]
                server = room()
                alice.until(lambda: alice.sees('Bob') > before[0] + 10
                            and bob.sees('Alice') > before[1] + 10, 15,
                            'media of the next room')
                took.append(round(time.monotonic() - killed, 2))
        tap.note(f'pictures again after {took} s')
        tap.check(max(took) <= 5, f'{took}')
    finally:
        server.__exit__(None)


def test_a_killed_room_is_joined_again():
    lab.when_calm(room_is_killed)


def pem(folder):
    path = os.path.join(folder, 'pem')
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj',
         '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout',
         path + '.key', '-out', path + '.crt'], check=True, capture_output=True)
    with open(path, 'wb') as out:
        for end in ('.crt', '.key'):
            with open(path + end, 'rb') as f:
                out.write(f.read())
    return path


def test_wss_wants_a_proved_server_and_the_right_token():
    with tempfile.TemporaryDirectory() as folder:
        path = pem(folder)
        server = lab.Launch(conference.LINE, f'tls-certificate={path}',
                            'tokens=publish+watch=canary-1')
        with server:
            server.until_says('Watch: https://')
            uri = ROOM.replace('ws:', 'wss:')
            wrong = {'': 'certificate is not trusted',
                     f'signaling-tls-ca={path}.crt': 'another auth-token',
                     f'signaling-tls-ca={path}.crt auth-token=canary-9':
                         'another auth-token'}
            for more, text in wrong.items():
                with lab.Launch(f'webrtcendpoint signaling-uri={uri} {more}'
                                ) as line:
                    line.until_says(f'ERROR.*{text}')
                    tap.check('canary' not in line.output(), line.output())
            more = f'signaling-tls-ca={path}.crt auth-token=canary-1'
            with Member('Alice', uri, more) as alice, \
                    Member('Bob', uri, more) as bob:
                alice.play()
                bob.play()
                alice.until(lambda: alice.sees('Bob') > 20
                            and bob.sees('Alice') > 20, 40, 'media over wss')


# --- hub and signaling-uri ---

@lab.calm
def test_a_hub_is_in_a_room_elsewhere():
    """A film in a hub of its own is seen in the room, and the room in the hub."""
    film = lab.uri(counter.cached_file(lab.DATA, 30, width=320, height=180))
    with room(), Member('Alice') as alice, \
            Seer('hub name=h', (), 0) as hub:
        for element in (f'playerendpoint hub=h uri={film}',
                        f'webrtcendpoint hub=h signaling-uri={ROOM} app-data=Film'):
            hub.pipeline.add(Gst.parse_launch(element))
        hub.play()
        alice.play()
        alice.until(lambda: alice.sees('Film') > 60 and hub.sees('Alice') > 60,
                    40, 'the film there and Alice here')
        check_pads(alice, ['Film'])
        check_pads(hub, ['Film', 'Alice'])


if __name__ == '__main__':
    tap.main(globals())
