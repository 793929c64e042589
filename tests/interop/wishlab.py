# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers of one line that differ in what they are strict about, and a raw HTTP
client that asks them: what the conformance programs share."""
import atexit
import contextlib
import http.client
import json
import os
import re
import socket
import time
from urllib.parse import urlsplit

import chromium
import lab
import tap

PLAIN, STRICT, TIGHT, COUNTER, LATE = 8001, 8002, 8003, 8004, 8005
STUN = lab.Stun(late=0.15)      # s
SECRET = 'canary-secret'
CLIP = lab.uri(os.path.join(lab.MEDIA, 'street-vp8-opus.webm'))
LINE = (
    f'hub name=room playerendpoint uri={CLIP} loop=true hub=room app-data=cam1 '
    f'webrtcserver hub=room port={PLAIN} max-rate=0 '
    f'webrtcserver hub=room port={STRICT} max-rate=0 strict-etag=true '
    'allow-origin=https://ok.example '
    'tokens=watch=w1,publish=p1,all=a1,watch=old@1000 '
    f'webrtcserver port={TIGHT} max-peers=1 video-codecs=H264 max-rate=1 '
    f'webrtcserver hub=room port={COUNTER} max-rate=0 counter-offer=true '
    'max-per-address=2 public-url=https://tv.example/below '
    f'stun-server={lab.ADDRESS}:3478 turn-url=turn:{lab.ADDRESS}:3478 '
    f'turn-secret={SECRET} '
    f'webrtcserver port={LATE} max-rate=0 stun-server={lab.ADDRESS}:{STUN.port}')
SDP = {'Content-Type': 'application/sdp'}
FRAG = {'Content-Type': 'application/trickle-ice-sdpfrag'}
WATCHER, PUBLISHER = ({'Authorization': 'Bearer ' + t} for t in ('w1', 'p1'))
PAGE = {'Origin': 'http://localhost:5000'}
HEADERS = ('Location', 'ETag', 'Link', 'Retry-After', 'WWW-Authenticate')


def described(name):
    with open(os.path.join(lab.TOP, 'tests', 'data', 'sdp', name + '.sdp'),
              encoding='utf-8', newline='') as f:
        return f.read()


RECEIVE, SEND = described('chromium-recvonly'), described('chromium-sendonly')
UFRAG, PWD = re.search(r'ice-ufrag:(\S+)\r\na=ice-pwd:(\S+)', RECEIVE).groups()
ICE = f'a=ice-ufrag:{UFRAG}\r\na=ice-pwd:{PWD}\r\n'
NEW_ICE = f'a=ice-ufrag:restart1\r\na=ice-pwd:{PWD[::-1]}\r\n'
CANDIDATE = 'a=candidate:1 1 udp 2130706431 192.0.2.9 50000 typ host\r\n'
SECTION = 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n'


class Running:
    line = browser = None

    @classmethod
    def start(cls):
        if cls.line is None:
            atexit.register(STUN.__enter__().__exit__)
            cls.line = lab.Launch(LINE)
            atexit.register(cls.line.__exit__, None)
            for port in PLAIN, STRICT, TIGHT, COUNTER, LATE:
                cls.line.until(f'http://127.0.0.1:{port}/live/')
            end = time.monotonic() + 30
            while ask('POST', '/live/cam1/whep', RECEIVE, SDP).status == 409:
                tap.check(time.monotonic() < end, 'the clip does not play')
                time.sleep(0.1)

    @classmethod
    def page(cls):
        cls.start()
        if cls.browser is None:
            cls.browser = chromium.Browser()
            atexit.register(cls.browser.close)
        return cls.browser.open(f'http://127.0.0.1:{PLAIN}/live/page.css')


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read().decode(errors='replace')

    def __getitem__(self, name):
        return self.headers.get(name)

    def all(self, name):
        return self.headers.get_all(name) or []


def ask(method, path, body=None, headers=None, port=PLAIN):
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    try:
        c.request(method, path, body, {**(headers or {})})
        return Answer(c.getresponse())
    finally:
        c.close()


def raw(text, port=PLAIN):
    """The status of what is not HTTP enough for http.client; 0: closed."""
    with socket.create_connection(('127.0.0.1', port), 10) as s:
        s.sendall(text.encode())
        got = b''
        # What it did not care to read makes the end a reset.
        with contextlib.suppress(ConnectionResetError):
            while chunk := s.recv(65536):
                got += chunk
    return int(got.split()[1]) if got else 0


def expect(answer, status, **headers):
    tap.check(answer.status == status,
              f'{answer.status} for {status}: {answer.body[:300]}')
    for name, wanted in headers.items():
        got = answer[name.replace('_', '-')]
        tap.check((got is None) if wanted is None else
                  got is not None and re.search(wanted, got),
                  f'{name}: {got}, not {wanted}')
    return answer


def problem(answer, status, words):
    expect(answer, status, Content_Type=r'^application/problem\+json')
    tap.check(words in json.loads(answer.body)['detail'], answer.body)
    return answer


def join(kind='whep', offer=None, port=PLAIN, headers=None):
    """A new session: its answer and its path."""
    a = expect(ask('POST', f'/live/{kind}', offer or (
        RECEIVE if kind == 'whep' else SEND), {**SDP, **(headers or {})}, port),
        201)
    return a, urlsplit(a['Location']).path


CASES = {}


def rule(name):
    """A case per rule, all on the servers of one line."""
    def take(function):
        def test():
            Running.start()
            function()
        CASES['test_' + re.sub(r'\W+', '_', name).strip('_')] = test
        return function
    return take
