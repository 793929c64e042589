#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# long form only
# timeout: 600
"""What becomes of a call whose peer or path goes away, and how fast."""
import contextlib
import os
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import chromium  # noqa: E402
import ends  # noqa: E402
import nat  # noqa: E402
import rows  # noqa: E402
import tap  # noqa: E402

MEDIA = rows.MEDIA_PORT
LIVE = ('videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,'
        'height=240,framerate=30/1 ! queue ! s.video_sink_0 '
        'audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! '
        's.audio_sink_0')


# --- through libnice ---

def lose_peer(number):
    """Seconds until the other end says disconnected or failed."""
    with nat.Lab() as l:
        a, b = l.site('a'), l.site('b')
        rows.ipv4_only(a, b)
        with ends.Peer(a.host) as x, ends.Peer(b.host) as y:
            ends.call(x, y)
            x.until('first')
            y.until('first')
            since = len(x.events)
            start = time.monotonic()
            y.process.send_signal(number)
            state = x.until('state', since=since)
            tap.note(f'{state[2]} after {state[1] - start:.1f} s')
            tap.check(state[2] in ('disconnected', 'failed', 'closed'), state)
            tap.check(state[1] - start <= 12, f'{state} only after '
                      f'{state[1] - start:.1f} s')


def test_kurento_31_a_frozen_peer_is_noticed():
    lab.when_calm(lambda: lose_peer(signal.SIGSTOP))


def test_kurento_31_a_killed_peer_is_noticed():
    lab.when_calm(lambda: lose_peer(signal.SIGKILL))


# --- ICE restart ---

def restart_under_load():
    """As an application does it, signalled beside the network."""
    with nat.Lab() as l:
        a, b = l.site('a'), l.site('b')
        rows.ipv4_only(a, b)
        a.count_dtls()
        with ends.Peer(a.host) as x, ends.Peer(b.host) as y:
            ends.call(x, y)
            x.until('first')
            y.until('first')
            for p in (x, y):
                p.do('forget')
            since, before = len(x.events), a.dtls()
            tap.check(before > 0, 'no handshake was seen')
            tap.check(x.ask('restart-ice')[2], 'no restart')
            ends.call(x, y)
            time.sleep(6)
            for p in (x, y):
                f = p.figures()
                tap.note(f'{f["shown"]} pictures, gap {f["gap_ms"]:.0f} ms, '
                         f'{f["pair"]}')
                tap.check(f['shown'] > 45, f'{f["shown"]} pictures in 6 s')
                tap.check(f['gap_ms'] <= 2000, f'{f["gap_ms"]:.0f} ms')
            offers = [re.search('a=ice-ufrag:(.*?)\\s', e[2])[1]
                      for e in x.events if e[0] == 'offer']
            tap.check(len(set(offers)) == 2, f'credentials {offers}')
            states = [e[2] for e in x.events[since:] if e[0] == 'state']
            tap.check(not states, f'{states}')
            tap.check(a.dtls() == before,
                      f'{a.dtls() - before} DTLS handshake packets')


def test_kurento_32_an_ice_restart_under_load_interrupts_nothing():
    lab.when_calm(restart_under_load)


# --- through the single port ---

def held(pid):
    """Threads and descriptors of a process, once they stay for a second."""
    def now():
        return tuple(len(os.listdir(f'/proc/{pid}/{what}'))
                     for what in ('task', 'fd'))
    last, since, end = now(), time.monotonic(), time.monotonic() + 15
    while time.monotonic() < end and time.monotonic() - since < 1:
        time.sleep(0.05)
        if (seen := now()) != last:
            last, since = seen, time.monotonic()
    return last


class Watched:
    """A page watches a server on a single port, or with a NiceAgent of its own
    (@is_single); states as the bus tells them."""

    def __init__(self, is_single=True):
        self.is_single = is_single

    def __enter__(self):
        self.lab = nat.Lab()
        self.a = self.lab.site('a', None, {ends.PORT: ends.PORT})
        self.b = self.lab.site('b', 'port-restricted')
        rows.ipv4_only(self.a, self.b)
        self.let_through()
        self.log = tempfile.NamedTemporaryFile('r', prefix='via-life-')
        self.server = ends.Server(
            self.a.host, (f'single-port={MEDIA} ' if self.is_single
                          else f'min-port={MEDIA} max-port={MEDIA} ') + LIVE,
            options=('-e', '-m'),
            env={'GST_TRACERS': 'leaks', 'GST_DEBUG_NO_COLOR': '1',
                 'GST_DEBUG': 'GST_TRACER:7', 'GST_DEBUG_FILE': self.log.name})
        self.server.__enter__()
        self.watch()
        return self

    def watch(self):
        self.browser = chromium.Browser(prefix=self.b.host.command([]))
        self.page = self.browser.open(
            f'https://{self.a.public}:{ends.PORT}/live/')
        self.page.watch(numbers=False)
        time.sleep(2)

    def leave(self):
        """The page says goodbye, as a closing browser may."""
        self.page.go('about:blank')
        self.server.until_says(
            r'connection-state.*state=\(string\)(closed|failed)')
        self.browser.close()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.browser.process.pid, number)

    def __exit__(self, *rest):
        self.signal(signal.SIGCONT)
        self.browser.close()
        self.server.__exit__(*rest)
        self.log.close()
        self.lab.__exit__()

    def alive(self):
        """Objects that are left when the server is stopped."""
        rc, _ = self.server.interrupt(10)
        tap.check(rc == 0, f'{rc}: {self.server.output()[-2000:]}')
        return [line for line in self.log.read().splitlines()
                if 'object-alive, type-name' in line and 'format' not in line]

    def let_through(self, drop=False):
        self.a.firewall(
            [f'meta l4proto udp {w} {MEDIA} {"drop" if drop else "counter"}'
             for w in ('udp sport', 'udp dport')]
            + [f'iifname "net" udp dport {MEDIA} accept'])

    def sent(self):
        """Packets the server sent from its media port."""
        out = self.a.router.run(['nft', 'list', 'ruleset'],
                                capture_output=True, text=True).stdout
        return int(re.search(rf'udp sport {MEDIA} counter packets (\d+)',
                             out)[1])

    def until_state(self, state, start, seconds):
        self.server.until_says(rf'connection-state.*state=\(string\){state}',
                               seconds)
        took = time.monotonic() - start
        tap.note(f'{state} after {took:.1f} s')
        return took


@contextlib.contextmanager
def everything_freed(w):
    """What the first page left is what a second one, which is lost, leaves."""
    w.leave()
    before = held(w.server.process.pid)
    w.watch()
    during = held(w.server.process.pid)
    yield
    end = time.monotonic() + 30         # it is let go a while after it failed
    while ((after := held(w.server.process.pid)) > before
           and time.monotonic() < end):
        pass
    tap.note(f'threads and descriptors {before} → {during} → {after}')
    tap.check(during[1] > before[1] or w.is_single, 'a viewer held nothing')
    tap.check(after[0] <= before[0] and after[1] <= before[1],
              f'{before} became {after}')
    alive = w.alive()
    tap.check(not alive, f'{len(alive)} objects stayed: {alive[:3]}')


def lose_page(number):
    """Through libnice: its own consent ends within 12 s."""
    with Watched(is_single=False) as w, everything_freed(w):
        n = len(w.server.output())
        start = time.monotonic()
        w.signal(number)
        while not (said := re.search(
                r'connection-state.*state=\(string\)(disconnected|failed)',
                w.server.output()[n:])):
            took = time.monotonic() - start
            tap.check(took <= 12, f'nothing is said after {took:.1f} s')
            time.sleep(0.05)
        tap.note(f'{said[1]} after {time.monotonic() - start:.1f} s')


def test_a_frozen_page_is_noticed_and_freed():
    lab.when_calm(lambda: lose_page(signal.SIGSTOP))


def test_a_killed_page_is_noticed_and_freed():
    lab.when_calm(lambda: lose_page(signal.SIGKILL))


def freeze_page(number=signal.SIGSTOP):
    with Watched() as w, everything_freed(w):
        before = w.sent()
        time.sleep(1)
        tap.check(w.sent() - before > 20, 'nothing is sent to the page')
        start = time.monotonic()
        w.signal(number)
        took = w.until_state('disconnected', start, 10)
        tap.check(took <= 5, f'disconnected after {took:.1f} s')
        took = w.until_state('failed', start, 35)
        tap.check(29 <= took <= 31, f'failed after {took:.1f} s')
        before = w.sent()
        time.sleep(2)
        tap.check(w.sent() == before, 'it still sends to who is gone')


def test_single_port_a_frozen_page_is_let_go():
    lab.when_calm(freeze_page)


def test_single_port_a_killed_page_is_let_go():
    lab.when_calm(lambda: freeze_page(signal.SIGKILL))


def outage(seconds, most_ms):
    with Watched() as w:
        w.page.take()
        w.let_through(drop=True)
        time.sleep(seconds)
        w.let_through()
        back = w.page.eval('performance.now()')
        time.sleep(3)
        after = [t for t, _ in w.page.take() if t > back]
        tap.check(after, 'no picture came again')
        tap.note(f'{seconds} s: a picture {after[0] - back:.0f} ms after')
        tap.check(len(after) > 45, f'only {len(after)} pictures in 3 s')
        tap.check(after[0] - back <= most_ms,
                  f'{after[0] - back:.0f} ms, not {most_ms}')


def test_single_port_after_2_s_without_network_media_is_back():
    lab.when_calm(lambda: outage(2, 250))


def test_single_port_after_10_s_without_network_media_is_back():
    lab.when_calm(lambda: outage(10, 500))


if __name__ == '__main__':
    tap.main(globals())
