#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
"""TURN over TLS through a front that takes nothing else (as stunnel or nginx in
front of a TURN server), watched on the wire: user and password are never to be
read there, also where the front does not prove its name."""
import contextlib
import os
import re
import select
import socket
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import ends  # noqa: E402
import nat  # noqa: E402
import rows  # noqa: E402
import tap  # noqa: E402

PORT = 443
NAME = f'IP:{nat.PUBLIC}'


class Turn(ends.Turn):
    """Nobody but the front reaches it."""
    USER, PASSWORD = 'north-7Qx', 'canary-7Qx@z'
    SECRETS = (USER.encode(), PASSWORD.encode(), b'canary-7Qx%40z')


class Front:
    """TLS on port 443 of the public host, plain to coturn behind it."""

    def __init__(self, host, certificate):
        self.host = host
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.n_refused, self.n_bytes, self.over = 0, 0, False

    def __enter__(self):
        self.listening = self.host.socket('SOCK_STREAM')
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listening.bind((nat.PUBLIC, PORT))
        self.listening.listen()
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self.serve, args=(client,),
                                 daemon=True).start()

    def serve(self, client):
        client.settimeout(10)
        try:
            client = self.context.wrap_socket(client, server_side=True)
        except (ssl.SSLError, OSError):
            self.n_refused += 1
            client.close()
            return
        server = self.host.socket('SOCK_STREAM')
        with client, server, contextlib.suppress(OSError):
            server.connect((nat.PUBLIC, Turn.PORT))
            self.relay(client, server)

    def relay(self, client, server):
        while not self.over:
            readable, _, _ = select.select([client, server], [], [],
                                           0 if client.pending() else 1)
            if client.pending() and client not in readable:
                readable.append(client)
            for s in readable:
                if not (data := s.recv(65536)):
                    return
                self.n_bytes += len(data)
                (server if s is client else client).sendall(data)


def check_secret(seen):
    tap.note(f'{len(seen.frames)} frames, {sum(map(len, seen.frames))} bytes')
    tap.check(seen.has(b'\x16\x03\x01'), 'no TLS was seen')
    tap.check(not (found := seen.has(*Turn.SECRETS)), f'in clear: {found}')


@contextlib.contextmanager
def fronted(names=NAME, is_expired=False, is_strange=False):
    """A site from which port 443 alone is reached: (lab, site, front, the
    properties of an endpoint there)."""
    with tempfile.TemporaryDirectory() as folder, nat.Lab() as l, Turn(l.public):
        authority = ends.Authority(folder)
        trusted = ends.Authority(folder, 'other') if is_strange else authority
        site = l.site('a', 'port-restricted', rules=nat.only_tcp(PORT))
        rows.ipv4_only(site)
        with Front(l.public, authority.issue(names, is_expired)) as front:
            yield l, site, front, (
                f'turn-url=turns:{Turn.USER}:{Turn.PASSWORD}@{nat.PUBLIC}:'
                f'{PORT} turn-tls-ca={trusted.ca}')


def play():
    with fronted() as (l, a, front, properties):
        b = l.site('b', 'port-restricted', rules=nat.only_tcp(PORT))
        rows.ipv4_only(b)
        with nat.Capture(a.router, 'in') as seen, nat.Capture(b.router, 'in') as other:
            result = rows.play_peers('a TLS front', a.host, b.host, properties,
                                     properties)
        tap.note(result)
        rows.is_types(result, 'relay', 'relay')
        tap.note(f'{front.n_bytes} bytes through the front')
        tap.check(front.n_bytes > 100000 and not front.n_refused,
                  f'{front.n_bytes} bytes, {front.n_refused} refused')
        check_secret(seen)
        check_secret(other)


if lab.IS_LONG:
    def test_a_call_through_the_front_shows_no_credentials():
        lab.when_calm(play)


def gather(host, properties):
    """(what was said of the server, our candidates) of an endpoint alone."""
    with ends.Peer(host, properties) as x:
        x.ask('offer')
        x.do('gather')
        x.until('gathered')
        return ([e[2:] for e in x.events if e[0] == 'candidate-error'],
                [e[3] for e in x.events if e[0] == 'candidate'])


def refused(why, **front_options):
    with fronted(**front_options) as (_, a, front, properties), \
            nat.Capture(a.router, 'in') as seen:
        errors, candidates = gather(a.host, properties)
        tap.note(f'{errors}')
        tap.check(errors and errors[0][0] == f'{nat.PUBLIC}:{PORT}/tls'
                  and re.search(why, errors[0][1]), f'{why} is not told')
        tap.check(not any('typ relay' in c for c in candidates), candidates)
        tap.check(front.n_bytes == 0, f'{front.n_bytes} bytes went through')
        check_secret(seen)


if lab.IS_LONG:
    def test_a_front_of_another_authority_is_refused():
        refused('trusted', is_strange=True)


def test_a_front_of_another_name_is_refused():
    refused('name|identity', names='IP:203.0.113.99,DNS:turn.example.com')


def test_a_front_whose_certificate_has_expired_is_refused():
    refused('expired', is_expired=True)


def test_the_front_takes_no_plain_turn():
    """So what plays through it is TLS; and the capture does find credentials
    that are to be read: TURN tells the user, a datagram of ours the password."""
    with fronted() as (_, a, front, _), nat.Capture(a.router, 'in') as seen:
        _, candidates = gather(
            a.host, f'turn-url={Turn.USER}:{Turn.PASSWORD}@{nat.PUBLIC}:{PORT}'
            '?transport=tcp')
        tap.check(not any('typ relay' in c for c in candidates), candidates)
        tap.check(front.n_refused > 0 and front.n_bytes == 0,
                  f'{front.n_refused} refused, {front.n_bytes} bytes')
        a.firewall()                # now coturn itself can be reached
        _, candidates = gather(
            a.host, f'turn-url={Turn.USER}:{Turn.PASSWORD}@{nat.PUBLIC}:'
            f'{Turn.PORT}?transport=tcp')
        tap.check(any('typ relay' in c for c in candidates), candidates)
        tap.check(seen.has(*Turn.SECRETS) == [Turn.USER.encode()],
                  f'the capture has {seen.has(*Turn.SECRETS)}')
        a.host.udp(4000).sendto(b'my password is ' + Turn.PASSWORD.encode(),
                                (nat.PUBLIC, 7))
        end = time.monotonic() + 5
        while Turn.PASSWORD.encode() not in seen.has(*Turn.SECRETS):
            tap.check(time.monotonic() < end, 'the password is not seen')
            time.sleep(0.05)


if __name__ == '__main__':
    tap.main(globals())
