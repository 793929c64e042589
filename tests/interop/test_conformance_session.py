#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# in pairs
"""Every rule of WHIP (RFC 9725) and WHEP for a server, one case a rule: what a
session is asked, its events, and media, where Chromium takes part.
"""
import http.client
import json
import re
import time
from urllib.parse import urlsplit

import lab
lab.enter()

import tap  # noqa: E402
from wishlab import (CANDIDATE, CASES, FRAG, ICE, NEW_ICE, PLAIN, PUBLISHER, PWD,
                     RECEIVE, Running, SDP, SECTION, SEND, STRICT, WATCHER, ask,
                     expect, join, rule)  # noqa: E402


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


def listen(path, wanted, seconds=20):
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
               Location=re.escape(path) + '/1$')
    for bad in '["layers?"]', '{}', 'hello', '[1]':
        expect(ask('POST', path, bad, json_type), 400)
    b = expect(ask('POST', path, '["viewercount"]', json_type), 201,
               Location=re.escape(path) + '/2$')
    seen = listen(urlsplit(b['Location']).path, ['viewercount'])
    tap.check(set(seen) == {'viewercount'}, seen)
    c = expect(ask('POST', path, '["layers"]', json_type), 201)
    seen = listen(urlsplit(c['Location']).path, ['layers'])
    tap.check(set(seen) == {'layers'}, seen)
    expect(ask('DELETE', urlsplit(a['Location']).path), 200)
    for method in 'GET', 'DELETE':
        expect(ask(method, urlsplit(a['Location']).path), 404)
    expect(ask('POST', path.replace('/events', '0/events'), '[]', json_type), 404)


@rule('events of one who does not get anything: no inactive to begin with')
def _():
    seen = listen(events_of(join()[0]), ['viewercount', 'layers'])
    tap.check(set(seen) == {'viewercount', 'layers'}
              and 'viewercount' in seen['viewercount'], seen)


LAYER = 'urn:ietf:params:whep:ext:core:layer'
JSON = {'Content-Type': 'application/json'}


def layer_of(a):
    link = [x for x in a.all('Link') if f'rel="{LAYER}"' in x]
    tap.check(link, a.all('Link'))
    return urlsplit(re.match('<([^>]+)>', link[0])[1]).path


@rule('a stream of events that is deleted ends')
def _():
    path = events_of(join()[0])
    a = expect(ask('POST', path, '[]', JSON), 201)
    c = http.client.HTTPConnection('127.0.0.1', PLAIN, timeout=20)
    c.request('GET', urlsplit(a['Location']).path)
    r = c.getresponse()
    tap.check(r.status == 200, r.status)
    begin = time.monotonic()
    expect(ask('DELETE', urlsplit(a['Location']).path), 200)
    r.read()    # to its end; the session's is 15 s off
    c.close()
    tap.check(time.monotonic() - begin < 10, 'it went on')


@rule('layers lists what is published, by m-line')
def _():
    seen = listen(events_of(join()[0]), ['layers'])['layers']
    tap.check(set(seen) == {'0', '1'}, seen)    # audio, video
    (audio,), (video,) = seen['0'], seen['1']
    tap.check(audio['codec'] == 'opus' and video['codec'] == 'VP8', seen)
    for layer in audio, video:
        tap.check(re.fullmatch(r'\w+', layer['rid'])
                  and layer['appData'] == 'cam1', seen)


@rule('WHEP names its layers in Link, WHIP has none')
def _():
    layer_of(join()[0])
    tap.check(not any(LAYER in x for x in join('whip')[0].all('Link')), 'whip')


@rule('POST of a layer: 200; what is not there 422; garbage 400; type 415')
def _():
    a, session = join()
    path = layer_of(a)
    rid = listen(events_of(a), ['layers'])['layers']['1'][0]['rid']
    for good in '{}', '{"mediaId":"1"}', json.dumps({'rid': rid}), \
            json.dumps({'mediaId': '0', 'encodingId': rid}):
        expect(ask('POST', path, good, JSON), 200)
    for bad in '{"rid":"none"}', '{"mediaId":"7"}', '{"spatialLayerId":1}', \
            '{"maxWidth":640}':
        expect(ask('POST', path, bad, JSON), 422)
    for bad in '[]', 'hello', '', '{"rid":1}':
        expect(ask('POST', path, bad, JSON), 400)
    expect(ask('POST', path, '{}', {'Content-Type': 'text/plain'}), 415)
    expect(ask('GET', path), 405, Allow='POST')
    expect(ask('OPTIONS', path), 204)
    expect(ask('DELETE', session), 200)
    expect(ask('POST', path, '{}', JSON), 404)


@rule('POST of a layer with a token of another role: 403, without one: 401')
def _():
    path = layer_of(join(port=STRICT, headers=WATCHER)[0])
    expect(ask('POST', path, '{}', JSON, STRICT), 401)
    expect(ask('POST', path, '{}', {**JSON, **PUBLISHER}, STRICT), 403)
    expect(ask('POST', path, '{}', {**JSON, **WATCHER}, STRICT), 200)


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


def until_more(page, frames, seconds=30):
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
    end = time.monotonic() + 30
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
