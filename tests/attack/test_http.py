#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""Hostile HTTP clients on loopback; meanwhile a good one is served in time.

Each attack runs in a process of its own, beside good POSTs whose times are
kept. The long form has the full numbers: 1,000 slow connections, 10,000 wrong
tokens and guessed sessions, a body of 300 MB.
"""
import http.client
import os
import re
import secrets
import select
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'interop'))
import lab  # noqa: E402
lab.enter()

import tap  # noqa: E402

PORT = 8889
N_SLOW, N_GUESSES, BODY, N_GOOD = (1000, 10000, 300 << 20, 200) if lab.IS_LONG \
    else (600, 1000, 48 << 20, 40)
LINE = (f'webrtcserver port={PORT} max-rate=100 tokens=watch=good,publish=other '
        'videotestsrc is-live=true pattern=black ! '
        'video/x-raw,width=64,height=64,framerate=5/1 ! vp8enc deadline=1 ! w. '
        ).replace('webrtcserver', 'webrtcserver name=w')
ROUNDS = 3 if lab.IS_LONG else 1      # of slow connections: 4 s each
P99_MS, MEMORY_KB, CLOSED_S = 50, 16 << 10, 5
with open(os.path.join(lab.TOP, 'tests', 'data', 'sdp',
                       'chromium-recvonly.sdp'), newline='',
          encoding='utf-8') as f:
    OFFER = f.read()


def dial(source='127.0.0.1'):
    s = socket.create_connection(('127.0.0.1', PORT), 10, (source, 0))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def say(s, data):
    try:
        s.sendall(data)
    except ConnectionError:
        pass    # it was closed meanwhile


def hear(s):
    """(status, what came): until the server closes."""
    got = b''
    try:
        while chunk := s.recv(65536):
            got += chunk
    except ConnectionError:
        pass
    m = re.match(rb'HTTP/1.1 (\d+)', got)
    return int(m[1]) if m else 0


def good():
    """ms of one POST and its answer."""
    start = time.monotonic()
    r, _ = ask('POST', '/live/whep', OFFER, {
        'Content-Type': 'application/sdp', 'Authorization': 'Bearer good'})
    ms = (time.monotonic() - start) * 1000
    tap.check(r.status == 201, f'a good POST is answered {r.status}')
    r, body = ask('DELETE', urlsplit(r.headers['Location']).path)
    tap.check(r.status == 200, f'it cannot leave: {r.status} {body}')
    return ms


def ask(*request):
    """(answer, its body) of a good one. Who is as slow as the slow ones has its
    place taken."""
    c = http.client.HTTPConnection('127.0.0.1', PORT, timeout=10)
    try:
        c.request(*request)
        r = c.getresponse()
        return r, r.read()
    except (OSError, http.client.HTTPException) as e:
        raise tap.Failed(f'{request[0]} is not answered: {e!r}')
    finally:
        c.close()


def p99(times):
    return sorted(times)[max(0, int(len(times) * 0.99) - 1)]


def rss_kb(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return int(re.search(r'VmRSS:\s+(\d+)', f.read())[1])


def attacked(name, *more):
    """Runs attack_NAME beside good POSTs; its figures, one a line."""
    with lab.Launch(LINE) as line:
        line.until(f'http://127.0.0.1:{PORT}/live/')
        quiet = [good() for _ in range(20)]
        before = rss_kb(line.process.pid)
        attacker = subprocess.Popen(
            ['nice', sys.executable, os.path.realpath(__file__),
             '--attack', name, *map(str, more)],
            stdout=subprocess.PIPE, text=True)
        tap.check(attacker.stdout.readline() == 'begun\n', 'it did not begin')
        times = []
        while attacker.poll() is None or len(times) < N_GOOD:
            times.append(good())
            time.sleep(0.03)    # below max-rate
        figures = attacker.stdout.read().split()
        tap.check(attacker.returncode == 0, f'the attacker: {figures}')
        grown = rss_kb(line.process.pid) - before
    tap.note(f'{name}: p99 {p99(times):.1f} ms of {len(times)} POSTs, the '
             f'slowest {max(times):.1f} '
             f'(quiet {p99(quiet):.1f}), memory {grown:+} KiB, {figures}')
    tap.check(grown <= MEMORY_KB, f'memory grew by {grown} KiB')
    tap.check(p99(times) <= P99_MS, f'p99 {p99(times):.1f} ms')
    return figures


# --- the attackers, each a process; "begun" once it is under way ---

def begun():
    print('begun', flush=True)


def attack_slow(kind):
    """Connections that send a byte a second, all at once, ROUNDS times; the
    longest life, the statuses."""
    head = {'head': b'POST /live/whep HTTP/1.1\r\nHost: x\r\nX-Slow: ',
            'body': b'POST /live/whep HTTP/1.1\r\nHost: x\r\nContent-Type: '
                    b'application/sdp\r\nAuthorization: Bearer good\r\n'
                    b'Content-Length: 1000\r\n\r\nv=0',
            'idle': b''}[kind]
    lives, statuses = [], {}
    begun()
    for _ in range(ROUNDS):
        alive = {}
        for _ in range(N_SLOW):
            s = dial('127.0.0.2')
            say(s, head)
            alive[s] = time.monotonic()
        tick = time.monotonic() + 1
        while alive:
            ready, _, _ = select.select(
                list(alive), [], [], max(0, tick - time.monotonic()))
            now = time.monotonic()
            for s in ready:
                lives.append(now - alive.pop(s))
                status = hear(s)
                statuses[status] = statuses.get(status, 0) + 1
                s.close()
            if now >= tick:
                tick += 1
                for s in alive if head else ():
                    say(s, b'x')
    print(f'{max(lives):.2f}', ' '.join(f'{k}:{v}' for k, v in statuses.items()))


def attack_guess(what):
    """Wrong tokens, or sessions that are none; how often which status."""
    statuses = {}
    begun()
    for i in range(N_GUESSES):
        with dial('127.0.0.3') as s:
            ask = (f'POST /live/whep HTTP/1.1\r\nHost: x\r\nContent-Type: '
                   f'application/sdp\r\nAuthorization: Bearer {secrets.token_hex()}'
                   f'\r\nContent-Length: 5\r\n\r\nv=0\r\n') if what == 'token' else (
                   f'DELETE /live/whep/{secrets.token_hex(16)} HTTP/1.1\r\n'
                   'Host: x\r\n\r\n')
            s.sendall(ask.encode())
            status = hear(s)
            statuses[status] = statuses.get(status, 0) + 1
    print(' '.join(f'{k}:{v}' for k, v in statuses.items()))


def attack_body(kind):
    """A body far over the limit; the status, and how much was taken."""
    begun()
    head = ('POST /live/whep HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp'
            '\r\nAuthorization: Bearer good\r\n')
    head += 'Transfer-Encoding: chunked\r\n\r\n' if kind == 'chunked' \
        else f'Content-Length: {BODY}\r\n\r\n'
    fill = b'v' * 65536
    piece = b'10000\r\n' + fill + b'\r\n' if kind == 'chunked' else fill
    for _ in range(5):
        sent = 0
        with dial('127.0.0.4') as s:
            s.sendall(head.encode())
            try:
                while sent < BODY:
                    s.sendall(piece)
                    sent += len(fill)
            except ConnectionError:
                pass
            status = hear(s)
        print(f'{status}:{sent}')


def attack_headers():
    """1 MB of headers, in one and in many."""
    begun()
    for head in 'X: ' + 'x' * (1 << 20), 'X: 1\r\n' * 180000:
        for _ in range(10):
            with dial('127.0.0.5') as s:
                try:
                    s.sendall(b'GET /live/ HTTP/1.1\r\nHost: x\r\n'
                              + head.encode())
                except ConnectionError:
                    pass
                print(hear(s))


# --- the cases ---

def check_slow(kind, status):
    longest, *statuses = attacked('slow', kind)
    tap.check(float(longest) <= CLOSED_S, f'one was open for {longest} s')
    seen = dict(map(int, x.split(':')) for x in statuses)
    # all places were taken by then: the oldest had to go, without a word; whose
    # head is whole has asked, and one address may not ask that often
    tap.check(set(seen) <= {0, status, 429} and seen.get(status, 0) > 0, seen)


def test_slow_headers_are_answered_408_and_closed():
    lab.when_calm(lambda: check_slow('head', 408))


def check_guesses(what, first):
    seen = dict(map(int, x.split(':')) for x in attacked('guess', what))
    tap.check(set(seen) <= {first, 429}, seen)
    tap.check(seen.get(429, 0) > 0, f'never 429: {seen}')
    if what == 'token':
        tap.check(seen[401] == 10, f'{seen[401]} were looked at')


def test_wrong_tokens_are_looked_at_ten_times():
    lab.when_calm(lambda: check_guesses('token', 401))


def check_bodies(kind):
    for figure in attacked('body', kind):
        status, sent = map(int, figure.split(':'))
        # what is in the sockets' buffers counts as sent
        tap.check(sent <= 16 << 20, f'{sent} bytes were taken')
        # a reset may come before the answer is read
        tap.check(status in (413, 0), status)


def test_a_long_body_is_not_read():
    lab.when_calm(lambda: check_bodies('announced'))


def check_headers():
    seen = set(attacked('headers'))
    tap.check(seen <= {'431', '0'} and '431' in seen, seen)


def test_headers_of_a_megabyte_are_refused():
    lab.when_calm(check_headers)


if lab.IS_LONG:
    def test_slow_bodies_are_answered_408_and_closed():
        lab.when_calm(lambda: check_slow('body', 408))

    def test_silent_connections_are_closed():
        lab.when_calm(lambda: check_slow('idle', 0))

    def test_guessed_sessions_find_nothing():
        lab.when_calm(lambda: check_guesses('session', 404))

    def test_a_long_chunked_body_is_cut():
        lab.when_calm(lambda: check_bodies('chunked'))


if __name__ == '__main__':
    if sys.argv[1:2] == ['--attack']:
        globals()['attack_' + sys.argv[2]](*sys.argv[3:])
    else:
        tap.main(globals())
