#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# in pairs
"""Every rule of WHIP (RFC 9725) and WHEP for a server, one case a rule: how a
session begins. The offers are those real peers wrote. The other half is
test_conformance_session.py.
"""
import base64
import hashlib
import hmac
import re
import socket
import time
from urllib.parse import quote, urlsplit

import lab
lab.enter()

import tap  # noqa: E402
from wishlab import (CASES, COUNTER, HEADERS, ICE, LATE, PAGE, PLAIN,  # noqa: E402
                     PUBLISHER, RECEIVE, SDP, SECRET, SEND, STRICT, TIGHT,
                     WATCHER, ask, described, expect, join, problem, raw, rule)


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
    answers = [ask('DELETE', '/live/whep/0', port=TIGHT) for _ in range(20)]
    seen = [a.status for a in answers]
    tap.check(set(seen) == {404, 429}, seen)
    for a in answers:
        if a.status == 429:
            expect(a, 429, Retry_After=r'^\d+$')
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


@rule('WHEP empty POST: our offer has the candidates that come late, too')
def _():
    a = expect(ask('POST', '/live/whep', None, SDP, LATE), 201)
    for kind, address in ('host', lab.ADDRESS), ('srflx', lab.Stun.ADDRESS):
        tap.check(re.search(rf'a=candidate:.* {re.escape(address)} \d+ typ {kind}',
                            a.body), f'no {kind}: {a.body}')


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


if __name__ == '__main__':
    tap.main(CASES)
