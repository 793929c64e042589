#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 500
# in pairs
"""docs/one-liners.md: each line that is not marked *not yet*, as it stands there,
against a far end. What is put in the place of what is not here: PLACES."""
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import numpy  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402
import test_conference as conference  # noqa: E402
import test_data as data  # noqa: E402
import wishmock  # noqa: E402
from gi.repository import Gst  # noqa: E402

Gst.init(None)
WHEP = '127.0.0.1:8895/live/'
PICTURE = ('fdsrc ! rawvideoparse format=i420 width=320 height=180 '
           'framerate=30/1 ! identity sync=true')
PLACES = {
    'v4l2src': PICTURE,             # the counter, from standard input
    'autoaudiosrc': 'audiotestsrc is-live=true freq=440',
    'whips://sfu.example/cam1/': 'whip://' + WHEP,
    'wheps://sfu.example/cam1/': 'whep://' + WHEP,
    'wheps://a.example/x/': 'whep://' + WHEP,
    'wss://h.example:8889/': 'ws://127.0.0.1:8895/',
    'whips://b.example/y/': 'whip://127.0.0.1:8896/live/',
    'u:p@turn.example:443?transport=tls':
        f'{lab.Relay.USER}:{lab.Relay.ESCAPED}@{lab.ADDRESS}:'
        f'{lab.Relay.PORT}?transport=udp',
}


def document():
    with open(os.path.join(lab.TOP, 'docs', 'one-liners.md'),
              encoding='utf-8') as f:
        text = f.read()
    for part in re.split(r'^## ', text, flags=re.M)[1:]:
        line = re.search(r'^    gst-launch-1\.0 (.*)$', part, re.M).group(1)
        yield int(part.split('.')[0]), '*not yet*' in part, line


LINES = {n: line for n, is_later, line in document() if not is_later}


class Counter:
    """The counter as raw pictures, for a line's standard input."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(lab.TOP, 'tests/support/counter.py'),
             'raw', '--width', '320', '--height', '180', '--frames', '3000'],
            stdout=subprocess.PIPE)
        return self.process.stdout

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def launch(n, stdin=None, places=None, env=None):
    """Line @n of the document, with what it needs here."""
    line = ' '.join(shlex.split(LINES[n]))
    for what, instead in {**PLACES, **(places or {})}.items():
        if what in line:
            tap.note(f'{what} is {instead}')
            line = line.replace(what, instead)
    return lab.Launch(line, options=('-m',), stdin=stdin, env=env)


def server(port, more=''):
    return lab.Launch(f'hub name=r webrtcserver hub=r port={port} {more}')


class Sinks(dict):
    """Those of a playbin, which are no children of it before it plays."""

    def get_by_name(self, name):
        return self.get(name)


class Reader:
    """Plays WHEP at @port with our endpoint and reads what comes."""

    def __init__(self, port=None, audio=False, pipeline=None, sinks=None):
        self.pipeline = pipeline or reader.parse(
            'webrtcendpoint name=e '
            f'signaling-uri=whep://127.0.0.1:{port}/live/whep '
            'e.video_src_0 ! decodebin ! VIDEO'
            + (' e.audio_src_0 ! decodebin ! AUDIO' if audio else ''))
        self.read = reader.Reader(sinks or self.pipeline)

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def check_counters(self, least=60, seconds=40):
        end = time.monotonic() + seconds
        while len(self.read.samples) < least + 30 and time.monotonic() < end:
            time.sleep(0.05)
        figures = judge.counters(self.read.samples[30:])
        tap.note(figures)
        wrong = judge.plays(figures, least)
        tap.check(wrong is None, wrong)


def in_chromium(line, url, numbers):
    with line as run, chromium.Browser() as browser:
        run.until(url)
        page = browser.open(url)
        page.watch(numbers=numbers)
        before, end = page.shown(), time.monotonic() + 30
        while page.shown() < before + 60 and time.monotonic() < end:
            time.sleep(0.1)
        tap.check(page.shown() >= before + 60,
                  f'{page.shown() - before} pictures')
        tap.note(f'{page.shown() - before} pictures in Chromium')


def test_1_camera_to_browsers():
    with Counter() as picture:
        in_chromium(launch(1, picture), 'http://127.0.0.1:8889/live/', True)


@lab.calm
def test_10_publish_to_a_whip_server():
    with Counter() as picture, server(8895) as far, Reader(8895) as end:
        far.until('http://127.0.0.1:8895/live/watch')
        with launch(10, picture):
            end.check_counters()


def publish_counter(port, picture):
    """The counter and the tone at the server of @port, by WHIP."""
    return lab.Launch(
        f'{PICTURE} ! queue ! e.video_sink_0  '
        'audiotestsrc is-live=true freq=440 volume=0.3 ! queue ! e.audio_sink_0 '
        f'webrtcendpoint name=e signaling-uri=whip://127.0.0.1:{port}/live/whip',
        stdin=picture)


@lab.calm
def test_11_watch_a_whep_feed():
    line = LINES[11]
    for what, instead in PLACES.items():
        line = line.replace(what, instead)
    tap.note('the sinks of playbin3 are appsinks')
    with Counter() as picture, server(8895) as far:
        far.until('http://127.0.0.1:8895/live/watch')
        with publish_counter(8895, picture):
            player = Gst.parse_launch(line)
            found = Sinks()
            for kind, text in (('video', reader.VIDEO), ('audio', reader.AUDIO)):
                sink = Gst.parse_bin_from_description(
                    text.format(sync='true'), True)
                player.set_property(f'{kind}-sink', sink)
                found[f'reader_{kind}'] = sink.get_by_name(f'reader_{kind}')
            with Reader(pipeline=player, sinks=found) as end:
                end.check_counters()
                tone = end.read.figures()['tone_db']
                tap.check(tone >= judge.TONE_DB, f'the tone is {tone} dB')


@lab.calm
def test_12_whep_to_whip_untouched():
    with Counter() as picture, server(8895) as a, server(8896) as b:
        a.until('http://127.0.0.1:8895/live/watch')
        b.until('http://127.0.0.1:8896/live/watch')
        with publish_counter(8895, picture), launch(12) as line, \
                Reader(8896, audio=True) as end:
            end.check_counters()
            tone = end.read.figures()['tone_db']
            tap.check(tone >= judge.TONE_DB, f'the tone is {tone} dB')
            tap.check('transcode' not in line.output(), 'it was encoded again')


def who_is_it():
    """Who it is is known on both sides, and the counter is in the room."""
    with Counter() as picture, lab.Launch(
            'hub name=r webrtcserver hub=r port=8895',
            options=('-e', '-m')) as far:
        far.until('http://127.0.0.1:8895/live/watch')
        with launch(15, picture) as line, Reader(8895) as end:
            end.check_counters()
            for one in (line, far):
                one.until_says(r'connection-state, state=\(string\)connected,.*'
                               r'app-data=\(string\)Alice')
            far.until_says(r'port-added, .*port-app-data=\(string\)Alice')


def test_15_who_is_it():
    lab.when_calm(who_is_it)


def confer():
    with launch(5) as line, chromium.Browser() as b:
        line.until(conference.BASE)
        alice, bob = people = [conference.Person(b, name)
                               for name in ('Alice', 'Bob')]
        alice.until_sees(['Bob'])
        bob.until_sees(['Alice'])
        for person in people:
            person.take()
        time.sleep(conference.WINDOW)
        conference.check_pictures(alice, alice.take(), ['Bob'])
        conference.check_pictures(bob, bob.take(), ['Alice'])
        conference.check_tones(people)


def film_in_the_call():
    film = lab.uri(counter.cached_file(lab.DATA, 30, width=320, height=180))
    with launch(7, places={'file:///music.mp4': film}) as line, \
            chromium.Browser() as b:
        line.until(conference.BASE)
        alice = conference.Person(b, 'Alice')
        alice.until_sees(['DJ'])
        alice.take()
        time.sleep(conference.WINDOW)
        figures = judge.counters(alice.take()['tiles']['DJ'])
        tap.note(figures)
        wrong = judge.plays(figures, 20 * conference.WINDOW)
        tap.check(wrong is None, wrong)


def talk_back():
    with Counter() as picture, tempfile.NamedTemporaryFile() as ear:
        speaker = ('audio/x-raw,format=S16LE,channels=1,rate=48000 ! '
                   f'filesink location={ear.name} buffer-mode=unbuffered')
        with launch(8, picture, {'autoaudiosink': speaker}) as line, \
                chromium.Browser() as b:
            line.until(conference.BASE)
            page = b.open(conference.BASE,
                          script=chromium.camera(320, 180, hz=900))
            page.watch()
            page.until('!document.getElementById("talk").disabled')
            page.eval('document.getElementById("talk").click()')
            db, end = float('-inf'), time.monotonic() + 15
            while db < judge.TONE_DB and time.monotonic() < end:
                time.sleep(0.2)
                heard = numpy.fromfile(ear.name, '<i2')[-48000:] / 32768
                db = judge.tone_db(heard, 48000, 900)
            tap.note(f'the microphone by {db:.1f} dB')
            tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')
            back = page.tone()
            tap.check(back >= judge.TONE_DB, f'we hear {back:.1f} dB')
            tap.check(page.shown() > 30, f'{page.shown()} pictures')


def two_see_each_other():
    routes = 'data-of-Alice>data-of-Bob,data-of-Bob>data-of-Alice'
    with launch(16, places={'alice>bob,bob>alice': routes}) as line, \
            chromium.Browser() as b:
        line.until(conference.BASE)
        alice, bob, carol = people = [conference.Person(b, name)
                                      for name in ('Alice', 'Bob', 'Carol')]
        alice.until_sees(['Bob'])
        bob.until_sees(['Alice'])
        for person in people:
            person.take()
        time.sleep(conference.WINDOW)
        conference.check_pictures(alice, alice.take(), ['Bob'])
        conference.check_pictures(bob, bob.take(), ['Alice'])
        seen = {name: len(samples)
                for name, samples in carol.take()['tiles'].items() if samples}
        tap.check(not seen, f'Carol sees {seen}')
        alice.until_sees(['Bob'])
        bob.until_sees(['Alice'])


def test_8_talkback():
    lab.when_calm(talk_back)


if lab.IS_LONG:
    def test_5_a_conference():
        lab.when_calm(confer)

    def test_7_a_file_in_the_call():
        lab.when_calm(film_in_the_call)

    def test_9_screen_to_browsers():
        display = ':97'
        screen = subprocess.Popen(['Xvfb', display, '-screen', '0', '320x240x24'])
        try:
            for _ in range(100):
                if os.path.exists('/tmp/.X11-unix/X97'):
                    break
                time.sleep(0.1)
            tap.note(f'the screen is Xvfb {display}')
            in_chromium(launch(9, env={'DISPLAY': display}),
                        'http://127.0.0.1:8889/live/', False)
        finally:
            screen.terminate()
            screen.wait()

    def test_14_behind_nat_with_turn():
        answers = []

        class Look(wishmock.Quirk):
            def bend(self, mock, request, status, headers, body):
                if request.method == 'POST':
                    answers.append(body)
                return status, headers, body

        with Counter() as picture, lab.Relay() as relay, \
                launch(14, picture) as line, \
                wishmock.Mock('http://127.0.0.1:8889/live', Look()) as mock:
            line.until('http://127.0.0.1:8889/live/watch')
            with Reader(mock.port) as end:
                end.check_counters()
            hosts = re.findall(r'^a=candidate:.* (\S+) (\d+) typ host', answers[0],
                               re.M)
            tap.check(hosts and all(a == '203.0.113.7' and 50000 <= int(p) <= 50100
                                    for a, p in hosts if ':' not in a),
                      f'{hosts}')
            tap.check('typ relay' in answers[0] and relay.allocations() > 0,
                      answers[0])
            tap.check(lab.Relay.PASSWORD not in line.output(), 'a secret is told')

    def test_16_alice_sees_bob_bob_sees_alice_nobody_else():
        lab.when_calm(two_see_each_other)

    def test_20_obs_a_filter_browsers():
        with Counter() as picture:
            line = launch(20)
            with publish_counter(8889, picture):
                in_chromium(line, 'http://127.0.0.1:8890/live/', False)


ROBOT = """#!/usr/bin/python3
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
with open('heard', 'w') as f:
    for line in sys.stdin:
        print('drive', line.strip(), file=f, flush=True)
    print('the end', file=f)
"""


def until_heard(path, word, seconds=30):
    end = time.monotonic() + seconds
    while True:
        text = ''
        if os.path.exists(path):    # its writer has begun
            with open(path, encoding='ascii') as f:
                text = f.read()
        if word in text or time.monotonic() > end:
            return text
        time.sleep(0.02)


def test_13_data_channel_to_a_robot():
    """As a shell runs it; drive.py writes down what it reads."""
    if not os.path.exists('/dev/stdout'):   # as in a root without udev
        os.symlink('/proc/self/fd/1', '/dev/stdout')
    url = 'http://127.0.0.1:8889/live'
    with tempfile.TemporaryDirectory() as here, chromium.Browser() as browser:
        heard = os.path.join(here, 'heard')
        with open(os.path.join(here, 'drive.py'), 'w', encoding='ascii') as f:
            f.write(ROBOT)
            os.chmod(f.name, 0o755)
        with lab.Launch(LINES[13], cwd=here, is_shell=True) as line:
            line.until(f'{url}/watch')
            page = data.speak(browser, url, ['other', 'ctl'])
            page.eval("far.channels.other.send('away\\n'); "
                      "far.channels.ctl.send('left 3\\n'); 1")
            says = until_heard(heard, 'left')
            tap.check(says == 'drive left 3\n', f'it read {says!r}')
            page.eval("far.channels.ctl.send('stop\\n'); 1")
            says = until_heard(heard, 'stop')
            tap.check(says == 'drive left 3\ndrive stop\n', f'{says!r}')
            rc, seconds = line.interrupt()
            tap.check(rc == 0, f'{rc} after {seconds:.1f} s')
            with open(heard, encoding='ascii') as f:
                tap.check(f.read().endswith('stop\nthe end\n'), 'no end')


def test_each_line_that_works_has_a_case():
    cases = {int(n) for n in re.findall(
        r'def test_(\d+)_', open(__file__, encoding='utf-8').read())}
    tap.check(cases == set(LINES), f'cases {sorted(cases)}, '
                                   f'lines {sorted(LINES)}')
    tap.check([n for n, _, _ in document()] == list(range(1, 21)), 'twenty')


if __name__ == '__main__':
    tap.main(globals())
