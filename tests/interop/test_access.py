#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
# in pairs
"""Who may enter a webrtcserver: tokens from a file, the application's word, a
certificate of one's own; and no secret leaves it."""
import json
import os
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

import lab
lab.enter()

import gi
gi.require_version('Gst', '1.0')
from gi.repository import Gst  # noqa: E402

import chromium  # noqa: E402
import tap  # noqa: E402

CANARY = 'canary-token-4711'
with open(os.path.join(lab.TOP, 'tests', 'data', 'sdp',
                       'chromium-recvonly.sdp'), newline='',
          encoding='utf-8') as f:
    RECEIVE = f.read()
SEND = RECEIVE.replace('a=recvonly', 'a=sendonly')


class Server:
    """A webrtcserver of this process, playing."""

    def __init__(self, **properties):
        Gst.init(None)
        self.element = Gst.ElementFactory.make('webrtcserver')
        self.element.props.port = 0
        for name, value in properties.items():
            self.element.set_property(name.replace('_', '-'), value)
        self.pipeline = Gst.Pipeline()
        self.pipeline.add(self.element)

    def __enter__(self):
        tap.check(self.pipeline.set_state(Gst.State.PLAYING)
                  != Gst.StateChangeReturn.FAILURE, 'it does not start')
        self.url = self.listening()
        scheme = 'https' if self.element.props.tls_certificate else 'http'
        self.base = f'{scheme}://127.0.0.1:{self.element.props.port}/live/'
        return self

    def listening(self):
        message = self.pipeline.get_bus().timed_pop_filtered(
            30 * Gst.SECOND, Gst.MessageType.ELEMENT)
        return message.get_structure().get_string('url')

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def ask(self, kind='whep', token=None, context=None, query=''):
        """(status, detail or Location) of a POST."""
        r = urllib.request.Request(
            self.base + kind + query, (RECEIVE if kind.endswith('whep') else SEND)
            .encode(), {'Content-Type': 'application/sdp'}, method='POST')
        if token:
            r.add_header('Authorization', 'Bearer ' + token)
        try:
            with urllib.request.urlopen(r, timeout=10, context=context) as a:
                return a.status, a.headers['Location']
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read()).get('detail')


def test_tokens_of_a_file_open_their_doors():
    with tempfile.NamedTemporaryFile('w', suffix='.tokens') as f:
        f.write(f'# who\nwatch={CANARY}\npublish=p1@2100-01-01T00:00:00Z # a\n')
        f.flush()
        with Server(tokens=f.name) as s:
            tap.check(s.element.props.tokens == f.name, s.element.props.tokens)
            for kind, token, status in (
                    ('whep', None, 401), ('whep', CANARY, 201),
                    ('whip', CANARY, 403), ('whip', 'p1', 201),
                    ('whep', CANARY + 'x', 401)):
                got = s.ask(kind, token)
                tap.check(got[0] == status, f'{kind} {token}: {got}')


def test_a_file_that_is_not_there_is_named():
    server = Server(tokens='/nothing/here')
    tap.check(server.pipeline.set_state(Gst.State.PLAYING)
              == Gst.StateChangeReturn.FAILURE, 'it starts')
    message = server.pipeline.get_bus().timed_pop_filtered(
        20 * Gst.SECOND, Gst.MessageType.ERROR)
    tap.check('/nothing/here' in message.parse_error()[0].message,
              message.parse_error())
    server.pipeline.set_state(Gst.State.NULL)


def test_bad_values_are_refused_and_the_old_ones_stay():
    s = Server()
    for name, good, bad in (
            ('allow-origin', 'https://a.example', 'a.example'),
            ('public-url', 'https://a.example/x', 'ftp://a.example'),
            ('trusted-proxies', '10.0.0.0/8', 'proxy.example')):
        s.element.set_property(name, good)
        s.element.set_property(name, bad)
        tap.check(s.element.get_property(name) == good, name)
    s.element.props.tokens = 'watch=a1'
    s.element.props.tokens = 'look=a2'
    tap.check(s.element.props.tokens == '***', s.element.props.tokens)
    with s:
        tap.check(s.url == 'https://a.example/x/live/', s.url)
        tap.check(s.ask(token='a1')[0] == 201, 'the old token')
        tap.check(s.ask(token='a2')[0] == 401, 'the refused one')


def test_the_application_says_who_and_as_what():
    asked = []

    def authorize(_, request):
        asked.append({n: request.get_value(n) for n in (
            'role', 'stream', 'app-data', 'address', 'token')})
        name = request.get_value('app-data')
        if name == 'nobody':
            return None
        text = {'no': 'x,allow=false', 'other': 'x,role=publish',
                'me': 'x,app-data=renamed'}.get(name, 'x,allow=true')
        return Gst.Structure.from_string(text)[0]

    with Server() as s:
        s.element.connect('authorize', authorize)
        for name, status in ('nobody', 403), ('no', 403), ('other', 403), \
                ('me', 201), ('anybody', 201):
            got = s.ask(token=CANARY, query='?app-data=' + name)
            tap.check(got[0] == status, f'{name}: {got}')
        tap.check(s.ask('cam1/whip', CANARY)[0] == 201, 'a stream')
        names = {c.get_property('app-data') for c in s.element.children}
        tap.check(names == {'renamed', 'anybody', 'cam1'}, names)
    tap.check(asked[0] == {
        'role': 'watch', 'stream': None, 'app-data': 'nobody',
        'address': '127.0.0.1', 'token': CANARY}, asked[0])
    tap.check(asked[-1]['role'] == 'publish'
              and asked[-1]['stream'] == 'cam1', asked[-1])


def certificate(folder):
    """A chain of one's own authority: (PEM of chain and key, authority's)."""
    def run(*words):
        subprocess.run(['openssl', *words], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
        '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA',
        '-days', '30')
    run('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/CN=tv.example')
    with open(os.path.join(folder, 'ext'), 'w', encoding='ascii') as f:
        f.write('subjectAltName=IP:127.0.0.1\n')
    run('x509', '-req', '-in', 'own.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key',
        '-CAcreateserial', '-out', 'own.pem', '-days', '30', '-extfile', 'ext')
    both = os.path.join(folder, 'both.pem')
    with open(both, 'w', encoding='ascii') as out:
        for name in 'own.pem', 'ca.pem', 'own.key':
            with open(os.path.join(folder, name), encoding='ascii') as part:
                out.write(part.read())
    return both, os.path.join(folder, 'ca.pem')


def test_a_certificate_of_ones_own_is_served_and_proved():
    with tempfile.TemporaryDirectory() as folder:
        pem, authority = certificate(folder)
        with Server(tls_certificate=pem) as s:
            tap.check(s.url.startswith('https://127.0.0.1:'), s.url)
            trusts = ssl.create_default_context(cafile=authority)
            tap.check(s.ask(context=trusts)[0] == 201, 'not trusted')
            old = ssl.create_default_context(cafile=authority)
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            try:
                s.ask(context=old)
                tap.check(False, 'TLS 1.1 is spoken')
            except (urllib.error.URLError, ssl.SSLError):
                pass


def test_a_certificate_that_is_none_is_named():
    s = Server(tls_certificate='/etc/hostname')
    tap.check(s.pipeline.set_state(Gst.State.PLAYING)
              == Gst.StateChangeReturn.FAILURE, 'it starts')
    error = s.pipeline.get_bus().timed_pop_filtered(
        20 * Gst.SECOND, Gst.MessageType.ERROR).parse_error()[0].message
    tap.check('tls-certificate=/etc/hostname' in error, error)
    s.pipeline.set_state(Gst.State.NULL)


def test_no_secret_is_logged():
    """All a server says at the highest level, while its tokens are used."""
    with lab.Launch(f'webrtcserver port=8889 tokens=all={CANARY}',
                    env={'GST_DEBUG': '9', 'GST_DEBUG_NO_COLOR': '1'}) as line:
        line.until('http://127.0.0.1:8889/live/', 30)
        r = urllib.request.Request(
            f'http://127.0.0.1:8889/live/whep?token={CANARY}', RECEIVE.encode(),
            {'Content-Type': 'application/sdp',
             'Authorization': 'Bearer ' + CANARY}, method='POST')
        with urllib.request.urlopen(r, timeout=30) as a:
            tap.check(a.status == 201, a.status)
        said = line.output()
    tap.check('webrtcserver' in said, 'nothing was logged')
    # the command line itself is gst-launch's to log
    lines = [x for x in said.splitlines() if CANARY in x
             and 'GST_PIPELINE' not in x and 'gst_parse' not in x]
    tap.check(not lines, '\n'.join(lines[:5]))


def test_the_page_takes_its_token_from_the_link():
    with lab.Launch(f'webrtcserver port=8889 tokens=publish={CANARY}') as line, \
            chromium.Browser() as b:
        line.until('http://127.0.0.1:8889/live/')
        page = b.open('http://127.0.0.1:8889/live/publish',
                      script=chromium.camera(320, 180))
        page.until('!document.getElementById("go").disabled')
        page.eval('document.getElementById("go").click()')
        page.until('document.body.innerText.includes("invitation")')
        page = b.open(f'http://127.0.0.1:8889/live/publish#token={CANARY}',
                      script=chromium.camera(320, 180))
        page.until('!document.getElementById("go").disabled')
        page.eval('document.getElementById("go").click()')
        page.until('document.body.dataset.state === "live"')


if __name__ == '__main__':
    tap.main(globals())
