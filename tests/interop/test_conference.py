#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
"""Browsers confer by /live/conference: each sees and hears all others under
their names, while one is killed, one reloads and one comes late."""
import json
import os
import signal
import time

import lab
lab.enter()

import numpy  # noqa: E402

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import packets  # noqa: E402
import recorded  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
LINE = f'hub name=room webrtcserver hub=room page=conference port={PORT}'
LIVE = 'document.body.dataset.state === "live"'
WIDTH, HEIGHT, FPS = 320, 180, 15
MILLION = 1000000               # counters of one person begin with his number
NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank']
FILM = 'Film'
AUDIO, VIDEO = {111}, {96}      # payload types of our offers: Opus, VP8
WINDOW = 3                      # seconds that are looked at
PACKET_MS, FRAME_MS, FIRST_MS = 100, 300, 1000

# What each tile shows, as it leaves the decoder: viaTiles[name].samples; with
# numbers while viaReads holds, since reading them costs as much as decoding.
VIEW = '''(() => {
  window.viaTiles = {};
  window.viaReads = true;
  setInterval(() => {
    for (const tile of document.querySelectorAll('.tile[data-peer]')) {
      const name = tile.querySelector('.name').textContent;
      const stream = tile.querySelector('video').srcObject;
      const [track] = stream ? stream.getVideoTracks() : [];
      const seen = viaTiles[name] = viaTiles[name] || { samples: [] };
      seen.stream = stream;
      if (!track || seen.track === track) continue;
      seen.track = track;
      viaFar.readTrack(track.clone(), () => viaReads, seen.samples);
    }
  }, 20);
})();'''
TAKE = '''({ now: performance.now(), tiles: Object.fromEntries(
  [...document.querySelectorAll('.tile[data-peer] .name')].map((n) => [
    n.textContent, (viaTiles[n.textContent] || { samples: [] }).samples.splice(0)])) })'''


def hz(name):
    return 440 if name == FILM else 600 + 180 * NAMES.index(name)


def first(name):
    return 0 if name == FILM else MILLION * (NAMES.index(name) + 1)


class Person:
    """One tab; @browser: of his own if he is to be killed."""

    def __init__(self, browser, name, joins=True, script=''):
        self.browser, self.name = browser, name
        camera = chromium.camera(WIDTH, HEIGHT, FPS, hz=hz(name),
                                 first=first(name))
        self.url = f'{BASE}?name={name}&app-data=data-of-{name}'
        self.page = browser.open(self.url,
                                 script=camera + VIEW + script)
        self.page.resize(480, 320)      # drawing many pictures costs, too
        self.page.until('document.body.dataset.state === "ready"')
        if joins:
            self.join()

    def join(self):
        self.page.eval('document.getElementById("go").click()')
        self.page.until(LIVE)

    def reload(self):
        """Comes back into the room by itself."""
        self.page.go(self.url + '&again')
        self.page.until(LIVE)

    def until_sees(self, names, seconds=40):
        """Waits until the tiles are those of @names, each with a picture."""
        self.page.until(
            f'''JSON.stringify([...document.querySelectorAll(
            '.tile[data-peer]')].filter((t) => (viaTiles[t.querySelector('.name')
            .textContent] || {{ samples: [] }}).samples.length).map((t) =>
            t.querySelector('.name').textContent).sort()) ===
            {json.dumps(json.dumps(sorted(names), separators=(',', ':')))}''',
            seconds)

    def first_picture(self):
        """From joining to the first picture of anybody, ms."""
        return self.page.eval('''Math.min(...Object.values(viaTiles).filter((t) =>
            t.samples.length).map((t) => t.samples[0][0])) - viaFar.madeAt''')

    def take(self):
        return self.page.eval(TAKE)

    def tones(self, names):
        """Decibels of each one's own tone in his tile."""
        return self.page.eval(f'''Promise.all(Object.entries({json.dumps(
            {n: hz(n) for n in names})}).map(async ([name, hz]) => [name,
            (await viaFar.tone(hz, 1000, viaTiles[name].stream)).db]))
            .then(Object.fromEntries)''')


def check_pictures(viewer, took, names):
    """Whose counter is in whose tile, and does it move?"""
    for name in names:
        samples = took['tiles'].get(name, [])
        numbers = [n for _, n in samples if n is not None]
        figures = judge.counters(samples)
        at_least = WINDOW * FPS // 2
        tap.check(len(numbers) >= at_least,
                  f'{viewer.name} sees {len(numbers)} pictures of {name}')
        strangers = [n for n in numbers
                     if not first(name) <= n < first(name) + MILLION]
        tap.check(not strangers, f'{viewer.name} sees {strangers[:3]} as {name}')
        tap.check(figures['in_order'] >= judge.IN_ORDER
                  or figures['unreadable'] == 0 and figures['backwards'] == 0,
                  f'{viewer.name} of {name}: {figures}')


def check_tones(people, film=()):
    worst = 999
    for viewer in people:
        names = [p.name for p in people if p is not viewer] + list(film)
        tones = viewer.tones(names)
        worst = min(worst, *tones.values())
        for name, db in tones.items():
            tap.check(db >= judge.TONE_DB,
                      f'{viewer.name} hears {name} at {db:.1f} dB: {tones}')
    return worst


class Window:
    """What arrives and what is decoded at @people, for WINDOW seconds."""

    def __init__(self, people, names, arriving):
        self.people, self.names, self.arriving = people, names, arriving

    def __enter__(self):
        self.begun = time.time()
        self.start = {p.name: p.take()['now'] for p in self.people}
        return self

    def __exit__(self, kind, *_):
        if kind:
            return
        time.sleep(max(0, WINDOW - (time.time() - self.begun)))
        took = {p.name: p.take() for p in self.people}
        end = self.begun + WINDOW
        self.audio = self.arriving.gaps(self.begun, end, AUDIO)
        self.video = self.arriving.gaps(self.begun, end, VIDEO)
        self.frames = {}
        for p in self.people:
            for name in self.names:
                if name == p.name:
                    continue
                times = [t for t, _ in took[p.name]['tiles'].get(name, [])]
                edges = [self.start[p.name], *times, took[p.name]['now']]
                self.frames[p.name, name] = max(
                    b - a for a, b in zip(edges, edges[1:]))
        self.took = took

    def worst(self, gaps, n=None):
        """Of the @n streams that went on; the rest had an end."""
        return sorted(gaps.values())[:n][-1]

    def figures(self, n=None):
        return (f'audio packets {self.worst(self.audio, n):.0f} ms, video '
                f'packets {self.worst(self.video, n):.0f} ms, frames '
                f'{max(self.frames.values()):.0f} ms')


def compare(control, change, n, what):
    """The @n streams of each kind that go on do so."""
    slow = max(change.frames, key=change.frames.get)
    tap.note(f'{what}: {change.figures(n)} ({slow[0]} of {slow[1]}); '
             f'control {control.figures()}')
    for window in (control, change):
        tap.check(len(window.audio) >= n and len(window.video) >= n,
                  f'{what}: {len(window.audio)} and {len(window.video)} streams '
                  f'of {n}')
    for found, calm, bound, noun in (
            (change.worst(change.audio, n), control.worst(control.audio),
             PACKET_MS, 'packet'),
            (max(change.frames.values()), max(control.frames.values()),
             FRAME_MS, 'picture')):
        # What others do on this machine is in the control, too.
        tap.check(found <= max(bound, 1.5 * calm),
                  f'{what}: no {noun} for {found:.0f} ms, before {calm:.0f} ms')


def confer(n, film=(), line=LINE):
    """@n people, one of them killed, one reloads, another one comes late."""
    names = NAMES[:n]
    killed, late = names[-1], NAMES[n]
    with lab.Launch(line) as launch, chromium.Browser() as b, \
            chromium.Browser() as doomed, packets.Packets() as arriving:
        launch.until(BASE)
        people = [Person(doomed if name == killed else b, name)
                  for name in names]
        for p in people:
            p.until_sees([x for x in names if x != p.name] + list(film))
        stay = people[:-1]
        going = [p.name for p in stay] + list(film)
        streams = len(stay) * (len(going) - 1)
        with Window(people, names + list(film), arriving) as pictures:
            pass
        for p in people:
            check_pictures(p, pictures.took[p.name],
                           [x for x in names if x != p.name] + list(film))
            p.page.eval('window.viaReads = false')
        db = check_tones(people, film)
        with Window(people, names + list(film), arriving) as control:
            pass
        with Window(stay, going, arriving) as change:
            os.killpg(doomed.process.pid, signal.SIGKILL)
        compare(control, change, streams, f'{killed} is killed')
        for p in stay:
            p.until_sees([x for x in going if x != p.name])
        people = stay + [Person(b, late, joins=False)]
        with Window(stay, going, arriving) as change:
            people[-1].join()
        compare(control, change, streams, f'{late} comes late')
        came = people[-1].first_picture()
        others, once = stay[1:], [x for x in going if x != stay[0].name]
        with Window(others + people[-1:], once + [late], arriving) as change:
            stay[0].reload()
        again = stay[0].first_picture()
        compare(control, change, len(others + [late]) * len(once),
                f'{stay[0].name} reloads')
        everybody = [p.name for p in people] + list(film)
        for p in people:
            p.until_sees([x for x in everybody if x != p.name])
        db = min(db, check_tones(people, film))
        tap.note(f'first picture: late {came:.0f} ms, reloaded {again:.0f} ms; '
                 f'tones at least {db:.0f} dB')
        tap.check(came <= FIRST_MS and again <= FIRST_MS, 'the first picture')
        launch.interrupt()
        return everybody


def test_one_is_killed_one_comes_late_one_reloads():
    lab.when_calm(lambda: confer(5 if lab.IS_LONG else 3))


# --- a film takes part, and all is recorded ---

def numbers(path, stream):
    """The counter in each picture of the @stream-th stream of a file."""
    raw = recorded.run('ffmpeg', '-v', 'error', '-i', path, '-map',
                       f'0:{stream}', '-fps_mode', 'passthrough', '-f',
                       'rawvideo', '-pix_fmt', 'gray', '-s',
                       f'{WIDTH}x{HEIGHT}', '-')
    size = WIDTH * HEIGHT
    return [counter.read_luma(raw[i:i + size], WIDTH, HEIGHT, WIDTH)
            for i in range(0, len(raw), size)]


def tone(path, stream, pitch):
    raw = recorded.run('ffmpeg', '-v', 'error', '-i', path, '-map',
                       f'0:{stream}', '-f', 'f32le', '-ac', '1', '-ar',
                       '48000', '-')
    return judge.tone_db(numpy.frombuffer(raw, numpy.float32), 48000, pitch)


def check_file(path, everybody):
    """Each one's track is in it, under his name, with his counter and tone."""
    streams = json.loads(recorded.run(
        'ffprobe', '-v', 'error', '-of', 'json', '-show_streams', path))['streams']
    found = {'video': set(), 'audio': set()}
    for s in streams:
        kind, index = s['codec_type'], s['index']
        of = s.get('tags', {}).get('APP_DATA', '')
        if kind == 'video':
            seen = [n for n in numbers(path, index) if n is not None]
            for name in everybody:
                own = [n for n in seen if 0 <= n - first(name) < MILLION]
                if len(own) > FPS:
                    tap.check(len(own) == len(seen) and name in of,
                              f'stream {index} ({of}): {name} and others')
                    tap.check(all(a < b for a, b in zip(own, own[1:])),
                              f'the counter of {name} in the file goes back')
                    found[kind].add(name)
        else:
            found[kind] |= {n for n in everybody if n in of
                            and tone(path, index, hz(n)) >= judge.TONE_DB}
    for kind, names in found.items():
        tap.check(names == set(everybody),
                  f'{kind} of {sorted(names)} only; {len(streams)} streams')
    tap.note(f'{len(streams)} streams in the file, of {sorted(everybody)}')


def confer_with_film(n):
    film = counter.cached_file(lab.DATA, 60, 'webm', WIDTH, HEIGHT, FPS)
    path = os.path.join(lab.DATA, 'conference.mkv')
    line = (f'{LINE} playerendpoint uri={lab.uri(film)} loop=true hub=room '
            f'app-data=data-of-{FILM} tags=tags,display-name={FILM} '
            f'recorderendpoint hub=room location={path}')
    everybody = confer(n, [FILM], line)
    check_file(path, [*everybody, NAMES[n - 1]])    # who was killed, too
    os.unlink(path)


def one_freezes():
    """Its sockets stay open; only what it does not say tells."""
    with lab.Launch(LINE) as launch, chromium.Browser() as b, \
            chromium.Browser() as doomed:
        launch.until(BASE)
        alice, bob = Person(b, 'Alice'), Person(doomed, 'Bob')
        alice.until_sees(['Bob'])
        os.killpg(doomed.process.pid, signal.SIGSTOP)
        try:
            alice.page.until('!document.querySelector(".tile[data-peer]")', 30)
        finally:
            os.killpg(doomed.process.pid, signal.SIGCONT)
        bob.page.until(LIVE, 30)        # and comes back by itself
        alice.until_sees(['Bob'])


if lab.IS_LONG:
    def test_a_tab_that_freezes_is_let_go_and_comes_back():
        one_freezes()

    def test_a_film_takes_part_and_all_is_recorded():
        lab.when_calm(lambda: confer_with_film(5))


if __name__ == '__main__':
    tap.main(globals())
