#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# in pairs
"""Every rule of WHIP (RFC 9725) and WHEP for a server, one case a rule.

A raw HTTP client asks webrtcserver; offers are those real peers wrote. Where
media must flow Chromium takes part. Four servers of one line differ in what
they are strict about.
"""
import atexit
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import time
from urllib.parse import quote, urlsplit

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402

PLAIN, STRICT, TIGHT, COUNTER = 8001, 8002, 8003, 8004
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
    f'turn-secret={SECRET}')
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
            cls.line = lab.Launch(LINE)
            atexit.register(cls.line.__exit__, None)
            cls.line.until(f'http://127.0.0.1:{COUNTER}/live/')
            end = time.monotonic() + 15
            while ask('POST', '/live/cam1/whep', RECEIVE, SDP).status == 409:
                tap.check(time.monotonic() < end, 'the clip does not play')
                time.sleep(0.1)

    @classmethod
    def page(cls):
        cls.start()
        if cls.browser is None:
            cls.browser = chromium.Browser()
            atexit.register(cls.browser.close)
        return cls.browser.open(f'http://127.0.0.1:{PLAIN}/live/watch.css')


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


# --- OPTIONS ---

for place in 'whip', 'whep', 'whep/00':
    @rule(f'OPTIONS preflight {place}: 2xx, CORS only, no Link, no token')
    def _(place=place):
        a = ask('OPTIONS', f'/live/{place}', None, {
            'Origin': 'https://ok.example',
            'Access-Control-Request-Method': 'POST'}, STRICT)
        tap.check(a.status in (200, 204), a.status)
        expect(a, a.status, Link=None, WWW_Authenticate=None,
               Access_Control_Allow_Origin='^https://ok.example$',
               Access_Control_Allow_Methods='PATCH')

for kind in 'whip', 'whep':
    @rule(f'OPTIONS {kind} plain: Accept-Post and ICE servers')
    def _(kind=kind):
        a = expect(ask('OPTIONS', f'/live/{kind}', None, PAGE, COUNTER), 200,
                   Accept_Post='^application/sdp$',
                   Access_Control_Allow_Methods='PATCH')
        links = a.all('Link')
        tap.check(len(links) == 2, f'one header a server: {links}')
        tap.check(f'<stun:{lab.ADDRESS}:3478>; rel="ice-server"' in links, links)


@rule('OPTIONS without a token where one is needed: 401')
def _():
    expect(ask('OPTIONS', '/live/whep', port=STRICT), 401,
           WWW_Authenticate='^Bearer', Link=None)


@rule('OPTIONS with a token: 200')
def _():
    expect(ask('OPTIONS', '/live/whep', None, WATCHER, STRICT), 200)


@rule('Link has TURN credentials of a day made from turn-secret')
def _():
    a = expect(ask('POST', '/live/whep', None, SDP, COUNTER), 201)
    expect(ask('DELETE', urlsplit(a['Location']).path[len('/below'):],
               port=COUNTER), 200)
    turn = [x for x in a.all('Link') if x.startswith('<turn:')]
    m = re.fullmatch(r'<turn:[\d.]+:3478\?transport=udp>; rel="ice-server"; '
                     r'username="([^",;]+)"; credential="([^",;]+)"; '
                     r'credential-type="password"', turn[0] if turn else '')
    tap.check(m, turn)
    until = int(m[1].split(':')[0]) - time.time()
    tap.check(80000 < until <= 86400 + 5, f'good for {until} s')
    mac = hmac.new(SECRET.encode(), m[1].encode(), hashlib.sha1).digest()
    tap.check(m[2] == base64.b64encode(mac).decode(), 'another credential')


# --- POST ---

for kind in 'whip', 'whep':
    @rule(f'POST {kind}: 201 with Location, ETag, Content-Type, the answer')
    def _(kind=kind):
        a, _ = join(kind)
        expect(a, 201, Content_Type='^application/sdp$', ETag='^"[^"]+"$',
               Accept_Patch='^application/trickle-ice-sdpfrag$')
        tap.check(a.body.startswith('v=0'), a.body[:50])

    @rule(f'POST {kind}: Location is absolute and has 128 secret bits')
    def _(kind=kind):
        seen = {join(kind)[0]['Location'] for _ in range(5)}
        tap.check(len(seen) == 5, seen)
        for where in seen:
            tap.check(re.fullmatch(
                f'http://127.0.0.1:{PLAIN}/live/{kind}/[0-9a-f]{{32}}', where),
                where)

    @rule(f'POST {kind}: the answer has all candidates')
    def _(kind=kind):
        body = join(kind)[0].body
        tap.check('a=candidate:' in body and 'a=end-of-candidates' in body, body)

    @rule(f'POST {kind} as text/plain: 415 with Accept-Post')
    def _(kind=kind):
        expect(ask('POST', f'/live/{kind}', 'v=0', {'Content-Type': 'text/plain'}),
               415, Accept_Post='^application/sdp$')

    @rule(f'POST {kind} without a type: 415')
    def _(kind=kind):
        expect(ask('POST', f'/live/{kind}', SEND), 415)

    @rule(f'POST {kind} of 129 KiB: 413')
    def _(kind=kind):
        expect(ask('POST', f'/live/{kind}', 'v' * 132096, SDP), 413)

    @rule(f'POST {kind} of no SDP: 400')
    def _(kind=kind):
        problem(ask('POST', f'/live/{kind}', 'hello world', SDP), 400, 'SDP')

    @rule(f'POST {kind} without ICE credentials: 400')
    def _(kind=kind):
        offer = re.sub('a=ice-ufrag:.*\r\n', '', RECEIVE)
        problem(ask('POST', f'/live/{kind}', offer, SDP), 400, 'ice-ufrag')

    @rule(f'POST {kind} without a token: 401 with a challenge')
    def _(kind=kind):
        expect(ask('POST', f'/live/{kind}', RECEIVE, SDP, STRICT), 401,
               WWW_Authenticate='^Bearer')

    @rule(f'POST {kind} with a token of another role: 403')
    def _(kind=kind):
        other = PUBLISHER if kind == 'whep' else WATCHER
        expect(ask('POST', f'/live/{kind}', RECEIVE, {**SDP, **other}, STRICT),
               403)


@rule('the rules come in order: 401 before 415 before 413 before 400')
def _():
    text = {'Content-Type': 'text/plain'}
    big = 'v' * 132096
    expect(ask('POST', '/live/whip', big, text, STRICT), 401)
    expect(ask('POST', '/live/whip', big, {**text, **PUBLISHER}, STRICT), 415)
    expect(ask('POST', '/live/whip', big, {**SDP, **PUBLISHER}, STRICT), 413)
    expect(ask('POST', '/live/whip', 'x', {**SDP, **PUBLISHER}, STRICT), 400)


@rule('a token past its time: 401')
def _():
    expect(ask('POST', '/live/whep', RECEIVE,
               {**SDP, 'Authorization': 'Bearer old'}, STRICT), 401,
           WWW_Authenticate='invalid_token')


@rule('the right token: 201, as Bearer, Basic and in the query')
def _():
    join('whep', port=STRICT, headers=WATCHER)
    basic = base64.b64encode(b'anybody:w1').decode()
    join('whep', port=STRICT, headers={'Authorization': 'Basic ' + basic})
    expect(ask('POST', '/live/whep?token=w1', RECEIVE, SDP, STRICT), 201)


@rule('application/sdp; charset=utf-8 in any case: 201')
def _():
    expect(ask('POST', '/live/whep', RECEIVE,
               {'Content-Type': 'Application/SDP; charset=utf-8'}), 201)


@rule('header names in lower case: 201')
def _():
    tap.check(raw('POST /live/whep HTTP/1.1\r\nhost: x\r\ncontent-type: '
                  f'application/sdp\r\ncontent-length: {len(RECEIVE)}\r\n\r\n'
                  + RECEIVE) == 201, 'refused')


@rule('Bearer undefined where no token is needed: 201')
def _():
    join(headers={'Authorization': 'Bearer undefined'})


@rule('recvonly to whip: 422')
def _():
    problem(ask('POST', '/live/whip', RECEIVE, SDP), 422, 'sendonly')


@rule('sendonly to whep: 422')
def _():
    problem(ask('POST', '/live/whep', SEND, SDP), 422, 'recvonly')


@rule('two video m-lines: 422')
def _():
    video = RECEIVE[RECEIVE.index('m=video'):]
    problem(ask('POST', '/live/whep', RECEIVE + video.replace('mid:1', 'mid:2'),
                SDP), 422, 'At most one')


@rule('no codec in common: 422')
def _():
    offer = re.sub(r'(a=rtpmap:\d+ )\w+/90000', r'\1NONE/90000', SEND)
    offer = re.sub(r'(a=rtpmap:\d+ )[\w-]+/(48000|8000)', r'\1NONE/\2', offer)
    offer = re.sub(r'(m=audio 9 \S+).*\r', r'\1 111 63\r', offer)
    expect(ask('POST', '/live/whip', offer, SDP), 422)


@rule('a bad setup: 400 or 422')
def _():
    a = ask('POST', '/live/whip', SEND.replace('a=setup:actpass\r\n', ''), SDP)
    expect(a, 400)
    a = ask('POST', '/live/whip', SEND.replace('setup:actpass', 'setup:x'), SDP)
    tap.check(a.status in (400, 422), a.status)


@rule('an offer whose setup is active is answered passive, and the reverse')
def _():
    for theirs, ours in ('active', 'passive'), ('passive', 'active'):
        a, _ = join('whip', SEND.replace('setup:actpass', 'setup:' + theirs))
        tap.check(f'a=setup:{ours}\r\n' in a.body, a.body)


@rule('RTP/SAVPF as encoders write it: 201')
def _():
    join('whip', SEND.replace('UDP/TLS/RTP/SAVPF', 'RTP/SAVPF'))


@rule('the answer to whep only sends, to whip only receives')
def _():
    for kind, is_wrong in ('whep', r'a=(sendrecv|recvonly)'), \
            ('whip', r'a=(sendrecv|sendonly)'):
        body = join(kind)[0].body
        tap.check(not re.search(is_wrong, body), body)


@rule('the answer bundles and has rtcp-mux, under 8 KiB, best host first')
def _():
    body = join('whip')[0].body
    tap.check('a=group:BUNDLE 0 1' in body and 'a=rtcp-mux' in body, body)
    tap.check(len(body) < 8192, len(body))
    tap.check(re.search(r'a=candidate:\S+ 1 UDP \d+ \S+ \d+ typ host',
                        body[body.index('a=candidate'):][:80], re.I), body)


@rule('WHIP to a name that is taken: 409 with Retry-After')
def _():
    expect(ask('POST', '/live/studio/whip', SEND, SDP), 201,
           Location='/live/studio/whip/')
    expect(ask('POST', '/live/studio/whip', SEND, SDP), 409, Retry_After=r'^\d+$')


@rule('WHEP of a name nobody publishes: 409 with Retry-After')
def _():
    problem(expect(ask('POST', '/live/nobody/whep', RECEIVE, SDP), 409,
                   Retry_After=r'^\d+$'), 409, 'Nobody')


@rule('WHEP of a name somebody publishes: 201')
def _():
    expect(ask('POST', '/live/cam1/whep', RECEIVE, SDP), 201,
           Location='/live/cam1/whep/[0-9a-f]{32}$')


@rule('a name is what the address says, percent-decoded')
def _():
    name = quote('Zoë 1')
    a = expect(ask('POST', f'/live/{name}/whip', SEND, SDP), 201)
    tap.check(f'/live/{name}/whip/' in a['Location'], a['Location'])
    expect(ask('DELETE', urlsplit(a['Location']).path), 200)


@rule('max-peers: 503 with Retry-After')
def _():
    where = join('whep', port=TIGHT)[1]
    expect(ask('POST', '/live/whep', RECEIVE, SDP, TIGHT), 503,
           Retry_After=r'^\d+$')
    expect(ask('DELETE', where, port=TIGHT), 200)


@rule('max-per-address: 503 with Retry-After')
def _():
    paths = [urlsplit(expect(ask('POST', '/live/whep', None, SDP, COUNTER),
                             201)['Location']).path for _ in range(2)]
    problem(ask('POST', '/live/whep', None, SDP, COUNTER), 503,
            'max-per-address')
    for path in paths:
        tap.check(path.startswith('/below/live/whep/'), path)
        expect(ask('DELETE', path[len('/below'):], port=COUNTER), 200)


@rule('max-rate: 429 with Retry-After, and only for who asks so often')
def _():
    seen = [ask('DELETE', '/live/whep/0', port=TIGHT).status for _ in range(20)]
    tap.check(set(seen) == {404, 429}, seen)
    expect(ask('DELETE', '/live/whep/0', port=TIGHT), 429, Retry_After=r'^\d+$')
    with socket.create_connection(('127.0.0.1', TIGHT), 10,
                                  ('127.0.0.9', 0)) as s:
        s.sendall(b'DELETE /live/whep/0 HTTP/1.1\r\nHost: x\r\n\r\n')
        tap.check(s.recv(100).startswith(b'HTTP/1.1 404'), 'others wait too')


@rule('public-url is what Location begins with')
def _():
    a = expect(ask('POST', '/live/whep', None, SDP, COUNTER), 201,
               Location='^https://tv.example/below/live/whep/')
    expect(ask('DELETE', urlsplit(a['Location']).path[len('/below'):],
               port=COUNTER), 200)


for name, setup, pt in ('obs', '(active|passive)', 96), \
        ('ffmpeg', 'active', 106):
    @rule(f'the offer of {name}, reconstructed: 201 with H.264 and Opus')
    def _(name=name, setup=setup, pt=pt):
        body = join('whip', described(f'reconstructed-{name}-whip'))[0].body
        for part in 'opus/48000/2', f'a=rtpmap:{pt} H264/90000', \
                f'a=setup:{setup}\r', ' typ host', 'a=recvonly':
            tap.check(re.search(part, body), f'no {part}: {body}')
        tap.check(len(body) < 8192, len(body))


# --- WHEP: who offers ---

@rule('WHEP empty POST: 201 with our offer, which only sends')
def _():
    a = expect(ask('POST', '/live/whep', None, SDP), 201,
               Content_Type='^application/sdp$', Location='/live/whep/')
    tap.check('a=setup:actpass' in a.body and 'a=sendonly' in a.body, a.body)
    tap.check('a=recvonly' not in a.body and 'a=sendrecv' not in a.body, a.body)


@rule('WHIP empty POST: 400')
def _():
    expect(ask('POST', '/live/whip', None, SDP), 400)


@rule('WHEP counter-offer: 406 with SDP and Location')
def _():
    a = expect(ask('POST', '/live/whep', RECEIVE, SDP, COUNTER), 406,
               Content_Type='^application/sdp$', Location='/live/whep/')
    tap.check(a.body.startswith('v=0') and 'a=sendonly' in a.body, a.body)
    expect(ask('PATCH', urlsplit(a['Location']).path[len('/below'):], 'hello',
               SDP, COUNTER), 400)
    expect(ask('DELETE', urlsplit(a['Location']).path[len('/below'):],
               port=COUNTER), 200)


# --- PATCH ---

@rule('PATCH of no session: 404, before anything else')
def _():
    expect(ask('PATCH', '/live/whep/' + '0' * 32, 'x', {}, STRICT), 404)


@rule('PATCH trickle: 204 without body and ETag')
def _():
    path = join()[1]
    a = expect(ask('PATCH', path, ICE + SECTION + CANDIDATE, FRAG), 204,
               ETag=None)
    tap.check(a.body == '', a.body)


@rule('PATCH trickle with ufrag in the section, and the end: 204')
def _():
    path = join()[1]
    expect(ask('PATCH', path, 'a=group:BUNDLE 0 1\r\n' + SECTION + ICE
               + CANDIDATE + 'a=end-of-candidates\r\n', FRAG), 204)


@rule('PATCH of another type: 415 with Accept-Patch')
def _():
    expect(ask('PATCH', join()[1], ICE, {'Content-Type': 'text/plain'}), 415,
           Accept_Patch='sdpfrag')


@rule('PATCH of garbage: 400')
def _():
    expect(ask('PATCH', join()[1], 'hello', FRAG), 400)


@rule('PATCH of SDP where there is no counter-offer: 422')
def _():
    expect(ask('PATCH', join()[1], RECEIVE, SDP), 422)


@rule('PATCH with what clients send as If-Match: 204')
def _():
    a, path = join()
    for tag in '*', '"*"', a['ETag'], a['ETag'].strip('"'):
        expect(ask('PATCH', path, ICE + CANDIDATE, {**FRAG, 'If-Match': tag}),
               204)
    expect(ask('PATCH', path, ICE + CANDIDATE, {**FRAG, 'ETag': a['ETag']}), 204)


@rule('strict-etag: 428 without, 412 with another, 204 with the right one or *')
def _():
    a, path = join(port=STRICT, headers=WATCHER)
    for tag, status in (None, 428), ('"other"', 412), (a['ETag'], 204), ('*', 204):
        match = {'If-Match': tag} if tag else {}
        expect(ask('PATCH', path, ICE + CANDIDATE, {**FRAG, **WATCHER, **match},
                   STRICT), status)


@rule('PATCH order: 404, 401, 415, 400, If-Match')
def _():
    path = join(port=STRICT, headers=WATCHER)[1]
    text = {'Content-Type': 'text/plain'}
    expect(ask('PATCH', path, 'x', text, STRICT), 401)
    expect(ask('PATCH', path, 'x', {**text, **PUBLISHER}, STRICT), 403)
    expect(ask('PATCH', path, 'x', {**text, **WATCHER}, STRICT), 415)
    expect(ask('PATCH', path, 'x', {**FRAG, **WATCHER}, STRICT), 400)
    expect(ask('PATCH', path, ICE, {**FRAG, **WATCHER}, STRICT), 428)


@rule('ICE restart: 200 with a new ETag and our fragment')
def _():
    a, path = join()
    b = expect(ask('PATCH', path, NEW_ICE + SECTION + CANDIDATE,
                   {**FRAG, 'If-Match': '*'}), 200,
               Content_Type='^application/trickle-ice-sdpfrag$', ETag='^".+"$')
    tap.check(b['ETag'] != a['ETag'], 'the old ETag')
    for line in 'ufrag', 'pwd':
        old, new = (re.search(f'a=ice-{line}:(.*)\r', x.body)[1] for x in (a, b))
        tap.check(old != new, f'the old {line}')
    tap.check('m=audio' in b.body and 'a=mid:0' in b.body
              and 'a=candidate:' in b.body and 'fingerprint' not in b.body, b.body)
    expect(ask('PATCH', path, ICE + CANDIDATE, FRAG), 204)  # a latecomer
    expect(ask('PATCH', path, 'a=ice-ufrag:third\r\na=ice-pwd:' + PWD + '\r\n',
               {**FRAG, 'If-Match': a['ETag']}), 412, ETag=re.escape(b['ETag']))


@rule('ICE restart without a password: 400, and the session stays')
def _():
    path = join()[1]
    expect(ask('PATCH', path, 'a=ice-ufrag:restart1\r\n', FRAG), 400)
    expect(ask('PATCH', path, ICE + CANDIDATE, FRAG), 204)


# --- DELETE, GET, HEAD, others ---

for kind in 'whip', 'whep':
    @rule(f'DELETE {kind}: 200, then 404')
    def _(kind=kind):
        path = join(kind)[1]
        expect(ask('DELETE', path, None, {'If-Match': '"stale"'}), 200)
        expect(ask('DELETE', path), 404)
        expect(ask('PATCH', path, ICE, FRAG), 404)

    @rule(f'GET {kind} and its session: 2xx, empty')
    def _(kind=kind):
        for path in f'/live/{kind}', join(kind)[1]:
            a = ask('GET', path)
            tap.check(a.status in (200, 204) and a.body == '', a.status)

    @rule(f'HEAD {kind}: 200 application/sdp')
    def _(kind=kind):
        expect(ask('HEAD', f'/live/{kind}'), 200,
               Content_Type='^application/sdp$')

    @rule(f'other methods to {kind}: 405 with Allow')
    def _(kind=kind):
        for method in 'PUT', 'DELETE', 'PATCH':
            expect(ask(method, f'/live/{kind}', SEND, SDP), 405, Allow='POST')
        expect(ask('POST', join(kind)[1], SEND, SDP), 405, Allow='PATCH')


@rule('DELETE needs no token: who knows the address may')
def _():
    path = join(port=STRICT, headers=WATCHER)[1]
    expect(ask('DELETE', path, port=STRICT), 200)


@rule('DELETE with a wrong token: 401')
def _():
    path = join(port=STRICT, headers=WATCHER)[1]
    expect(ask('DELETE', path, None, {'Authorization': 'Bearer no'}, STRICT), 401)


@rule('a session of whep is none of whip')
def _():
    path = join()[1]
    expect(ask('DELETE', path.replace('whep', 'whip')), 404)
    expect(ask('DELETE', path), 200)


# --- events ---

EVENTS = 'urn:ietf:params:whep:ext:core:server-sent-events'


def events_of(a):
    """The path of the events of a player that was answered @a."""
    link = [x for x in a.all('Link') if f'rel="{EVENTS}"' in x]
    tap.check(link, a.all('Link'))
    return urlsplit(re.match('<([^>]+)>', link[0])[1]).path


def listen(path, wanted, seconds=8):
    """The events of the stream at @path, until all of @wanted came."""
    c = http.client.HTTPConnection('127.0.0.1', PLAIN, timeout=seconds)
    c.request('GET', path)
    r = c.getresponse()
    tap.check((r.status, r.getheader('Content-Type'))
              == (200, 'text/event-stream'), r.status)
    seen, end = {}, time.monotonic() + seconds
    while not set(wanted) <= set(seen) and time.monotonic() < end:
        line = r.readline().decode().strip()
        if line.startswith('event:'):
            name = line.split()[1]
            seen[name] = json.loads(r.readline().decode().split(':', 1)[1])
        elif not line and r.isclosed():
            break
    c.close()
    return seen


@rule('WHEP names its events in Link, WHIP has none')
def _():
    events_of(join()[0])
    tap.check(not any(EVENTS in x for x in join('whip')[0].all('Link')), 'whip')


@rule('POST of events: 201 with Location; unknown ones and garbage: 400')
def _():
    path = events_of(join()[0])
    json_type = {'Content-Type': 'application/json'}
    a = expect(ask('POST', path, '["active","viewercount"]', json_type), 201,
               Location=re.escape(path) + r'\?events=active,viewercount$')
    for bad in '["layers?"]', '{}', 'hello', '[1]':
        expect(ask('POST', path, bad, json_type), 400)
    seen = listen(urlsplit(a['Location']).path + '?events=viewercount',
                  ['viewercount'])
    tap.check(set(seen) == {'viewercount'}, seen)
    expect(ask('POST', path.replace('/events', '0/events'), '[]', json_type), 404)


@rule('events of one who does not get anything: inactive')
def _():
    seen = listen(events_of(join()[0]), ['inactive', 'viewercount'])
    tap.check('inactive' in seen and 'active' not in seen
              and 'viewercount' in seen['viewercount'], seen)


@rule('events of one who left end')
def _():
    a, path = join()
    c = http.client.HTTPConnection('127.0.0.1', PLAIN, timeout=8)
    c.request('GET', events_of(a))
    r = c.getresponse()
    tap.check(r.status == 200, r.status)
    expect(ask('DELETE', path), 200)
    r.read()    # to its end, or the time is over
    c.close()


# --- CORS ---

@rule('CORS headers on errors too, spelled out')
def _():
    for method, path in ('DELETE', '/live/whep/0'), ('PUT', '/live/whep'):
        a = ask(method, path, None, PAGE)
        expect(a, a.status, Access_Control_Allow_Origin=f'^{PAGE["Origin"]}$',
               Access_Control_Allow_Headers='Authorization.*If-Match')
        for name in HEADERS:
            tap.check(name in a['Access-Control-Expose-Headers'], name)


@rule('a page of no allowed origin: 403 and no CORS headers')
def _():
    a = ask('POST', '/live/whep', RECEIVE, {
        **SDP, **WATCHER, 'Origin': 'https://evil.example'}, STRICT)
    expect(a, 403, Access_Control_Allow_Origin=None)


@rule('a page of an allowed origin: 201')
def _():
    a = ask('POST', '/live/whep', RECEIVE, {
        **SDP, **WATCHER, 'Origin': 'https://ok.example'}, STRICT)
    expect(a, 201, Access_Control_Allow_Origin='^https://ok.example$')


# --- HTTP itself ---

@rule('headers of 17 KiB, or 65 of them: 431')
def _():
    tap.check(raw('GET /live/ HTTP/1.1\r\nHost: x\r\nX: ' + 'x' * 17408
                  + '\r\n\r\n') == 431, 'long')
    tap.check(raw('GET /live/ HTTP/1.1\r\n' + 'X: 1\r\n' * 66 + '\r\n') == 431,
              'many')


@rule('ambiguous framing: 400')
def _():
    for bad in 'Content-Length: 1\r\nTransfer-Encoding: chunked', \
            'Content-Length: 1\r\nContent-Length: 2', 'Host: y':
        tap.check(raw('POST /live/whep HTTP/1.1\r\nHost: x\r\n' + bad
                      + '\r\n\r\n') == 400, bad)


# --- with media ---

PLAY = '''(async () => {
  const pc = window.pc = new RTCPeerConnection();
  window.frames = async () => { let n = 0; for (const s of (await pc.getStats()).values())
    if (s.type === 'inbound-rtp' && s.kind === 'video') n += s.framesDecoded; return n; };
  const post = (body) => fetch('/live/whep', { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body });
  %s
})()'''
OFFERS = '''
  for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
  await pc.setLocalDescription();
  const r = await post(pc.localDescription.sdp.replace(/a=candidate.*\\r\\n/g, ''));
  window.answer = await r.text(); window.where = new URL(r.headers.get('Location')).pathname;
  await pc.setRemoteDescription({ type: 'answer', sdp: answer });'''
ANSWERS = '''
  const r = await post('');
  window.where = new URL(r.headers.get('Location')).pathname;
  await pc.setRemoteDescription({ type: 'offer', sdp: await r.text() });
  await pc.setLocalDescription();
  const p = await fetch(where, { method: 'PATCH', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription.sdp });
  window.patched = p.status;'''
RESTART = '''(async () => {
  pc.restartIce();
  await pc.setLocalDescription();
  const line = (sdp, name) => new RegExp(`^a=ice-${name}:.*$`, 'm').exec(sdp)[0].trim();
  const mine = pc.localDescription.sdp;
  const r = await fetch(where, { method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
    body: line(mine, 'ufrag') + '\\r\\n' + line(mine, 'pwd') + '\\r\\n' });
  const frag = await r.text();
  let sdp = answer.replace(/a=(candidate|end-of-candidates).*\\r\\n/g, '');
  for (const name of ['ufrag', 'pwd']) sdp = sdp.replaceAll(line(answer, name), line(frag, name));
  sdp = sdp.replace(/(a=ice-pwd:.*\\r\\n)/, '$1' + frag.match(/a=candidate.*\\r\\n/g).join(''));
  await pc.setRemoteDescription({ type: 'answer', sdp });
  return [r.status, line(answer, 'ufrag') !== line(frag, 'ufrag')];
})()'''
REMOTE = '''(async () => { const s = await pc.getStats(); for (const t of s.values())
  if (t.type === 'transport') return t.iceLocalUsernameFragment; })()'''


def until_more(page, frames, seconds=15):
    end = time.monotonic() + seconds
    while (now := page.eval('frames()')) < frames:
        tap.check(time.monotonic() < end, f'{now} pictures, not {frames}')
        time.sleep(0.1)
    return now


@rule('an offer without candidates plays (peer-reflexive), as encoders send')
def _():
    page = Running.page()
    page.eval(PLAY % OFFERS)
    until_more(page, 30)
    seen = listen(page.eval('where') + '/events', ['active', 'viewercount'])
    tap.check('active' in seen and seen['viewercount']['viewercount'] >= 1, seen)
    page.close()


@rule('an ICE restart keeps the media flowing, on a new path')
def _():
    page = Running.page()
    page.eval(PLAY % OFFERS)
    before = until_more(page, 30)
    old = page.eval(REMOTE)
    status, is_new = page.eval(RESTART)
    tap.check(status == 200 and is_new, f'{status}, {is_new}')
    end = time.monotonic() + 10
    while page.eval(REMOTE) == old or \
            page.eval('pc.iceConnectionState') != 'connected':
        tap.check(time.monotonic() < end, 'the new path is not taken')
        time.sleep(0.1)
    until_more(page, before + 60)
    page.close()


@rule('WHEP empty POST: the browser answers our offer and plays')
def _():
    page = Running.page()
    page.eval(PLAY % ANSWERS)
    tap.check(page.eval('patched') == 204, page.eval('patched'))
    until_more(page, 30)
    page.close()


if __name__ == '__main__':
    tap.main(CASES)
