#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
# in pairs
"""/metrics, /healthz and /live/peers beside what Chromium itself counted."""
import http.client
import json
import re
import time

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
NAME = 'a "b"\\c'        # what a label must escape
ESCAPED = 'a \\"b\\"\\\\c'
LINE = (f'hub name=room webrtcserver hub=room port={PORT} '
        'tokens=all=owner,watch=guest')


def ask(path, headers=None, host=None):
    c = http.client.HTTPConnection('127.0.0.1', PORT, timeout=10)
    c.request('GET', path, headers={**({'Host': host} if host else {}),
                                    **(headers or {})})
    r = c.getresponse()
    return r.status, r.getheader('Content-Type'), r.read().decode()


def samples(text):
    """{name: {labels: value}}; each line must be what Prometheus reads."""
    out = {}
    for line in text.splitlines():
        if line.startswith('#'):
            tap.check(re.match(r'# (HELP|TYPE) \w+ .', line), line)
            continue
        m = re.fullmatch(r'(\w+)\{((?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} '
                         r'(-?[\d.e+-]+)', line)
        tap.check(m, f'no sample: {line}')
        labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m[2]))
        out.setdefault(m[1], []).append((labels, float(m[3])))
    return out


@lab.calm
def test_figures_are_those_of_the_far_end():
    from urllib.parse import quote
    with lab.Launch(LINE) as line, chromium.Browser() as b:
        line.until(BASE)
        source = b.open(BASE + 'publish?app-data=' + quote(NAME) + '#token=owner',
                        script=chromium.camera(320, 180))
        source.until('!document.getElementById("go").disabled')
        source.eval('document.getElementById("go").click()')
        source.until('document.body.dataset.state === "live"')
        page = b.open(BASE + 'watch#token=guest')
        page.watch()
        time.sleep(3)
        before = page.stats()['inbound']['video']['packetsReceived']
        status, kind, text = ask('/metrics')
        tap.check(status == 200 and kind.startswith('text/plain; version=0.0.4'),
                  (status, kind))
        _, kind, peers = ask('/live/peers')
        after = page.stats()['inbound']['video']['packetsReceived']
        tap.check(kind == 'application/json', kind)
    seen = samples(text)
    who = [x for x, _ in seen['webrtc_sessions']]
    tap.check({x['role'] for x in who} == {'publish', 'watch'}, who)
    tap.check(all(x['path'] == 'live' and x['state'] == 'connected'
                  for x in who), who)
    tap.check([x['app_data'] for x in who if x['role'] == 'publish'] == [ESCAPED],
              who)
    sent = sum(v for x, v in seen['webrtc_sessions_outbound_rtp_packets']
               if x['kind'] == 'video' and x['role'] == 'watch')
    tap.note(f'sent {sent:.0f}, received {before} to {after}')
    tap.check(before <= sent <= after + 50, 'the counts differ')
    check_peers(json.loads(peers)['peers'], before)


def check_peers(peers, least):
    by_role = {p['role']: p for p in peers}
    tap.check(by_role['publish']['appData'] == NAME, by_role)
    for role, kind, count in ('watch', 'outbound-rtp', 'packetsSent'), \
            ('publish', 'inbound-rtp', 'packetsReceived'):
        streams = [s for s in by_role[role]['stats'] if s['type'] == kind]
        tap.check({s['kind'] for s in streams} == {'audio', 'video'}, streams)
        codecs = {s['id']: s for s in by_role[role]['stats']
                  if s['type'] == 'codec'}
        for s in streams:
            tap.check(s[count] > 0 and s['ssrc' if kind[0] == 'o' else 'mid']
                      is not None, s)
            if role == 'watch':
                mime = codecs[s['codecId']]['mimeType']
                tap.check(mime.startswith(s['kind'] + '/'), mime)
            tap.check(abs(s['timestamp'] / 1000 - time.time()) < 60, s)
    video = [s for s in by_role['watch']['stats']
             if s['type'] == 'outbound-rtp' and s['kind'] == 'video']
    tap.check(video[0]['packetsSent'] >= least, video)


def test_only_this_machine_and_tokens_read_them():
    with lab.Launch(LINE) as line:
        line.until(BASE)
        for path in '/metrics', '/live/peers':
            tap.check(ask(path)[0] == 200, 'this machine')
            proxied = {'X-Forwarded-For': '203.0.113.1'}
            for headers, host, status in (
                    (proxied, None, 401),
                    (None, 'rebound.example', 401),
                    ({**proxied, 'Authorization': 'Bearer guest'}, None, 403),
                    ({**proxied, 'Authorization': 'Bearer owner'}, None, 200)):
                got = ask(path, headers, host)[0]
                tap.check(got == status, f'{got} for {headers} {host}')


def test_health_says_if_peers_can_come():
    with lab.Launch(LINE) as line:
        line.until(BASE)
        tap.check(ask('/healthz', {'X-Forwarded-For': '203.0.113.1'})[::2]
                  == (200, 'ok\n'), 'not healthy')


if __name__ == '__main__':
    tap.main(globals())
