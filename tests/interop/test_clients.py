#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""WHIP and WHEP clients that no one here wrote, against webrtcserver.

Debian's whip-client; in the long form also the npm packages whip-whep and
@eyevinn/whip-web-client in Chromium, fetched once into the build folder.
"""
import functools
import http.server
import json
import os
import re
import subprocess
import threading
import time

import lab

PACKAGES = ('whip-whep@1.2.0', '@eyevinn/whip-web-client@1.1.7')
NPM = os.path.join(lab.DATA, 'npm')


def fetch():
    """The packages, pinned; outside the private network, which has no way."""
    if lab.IS_LONG and not os.path.isdir(os.path.join(NPM, 'node_modules')):
        os.makedirs(NPM, exist_ok=True)
        with open(os.path.join(NPM, 'package.json'), 'w',
                  encoding='ascii') as f:
            f.write('{}')
        subprocess.run(['npm', 'install', '--no-audit', '--no-fund',
                        '--ignore-scripts', *PACKAGES], cwd=NPM, check=True,
                       stdout=subprocess.DEVNULL)


if os.environ.get('VIA_NETNS') != '1':
    fetch()
lab.enter()

import chromium  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

PORT, FILES = 8889, 8890
BASE = f'http://127.0.0.1:{PORT}/live/'
LINE = (f'hub name=room webrtcserver hub=room port={PORT} '
        'tokens=publish=secret,watch=guest,stats=me')
WATCH = BASE + '%swatch#token=guest'


def sessions():
    """Role and state of each session there is."""
    return sorted(re.findall(r'^webrtc_sessions\{.*role="(\w+)",state="(\w+)"',
                             lab.get(f'http://127.0.0.1:{PORT}/metrics')[1],
                             re.M))


def until(condition, message, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        tap.check(time.monotonic() < end, message)
        time.sleep(0.1)


def check_watched(b, stream=''):
    page = b.open(WATCH % stream)
    page.watch(numbers=False)
    shown = page.shown()
    time.sleep(3)
    shown, db = page.shown() - shown, page.tone()
    tap.note(f'{shown} pictures in 3 s, tone {db:.1f} dB')
    tap.check(shown >= 45, f'{shown} pictures')
    tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')
    page.close()


# --- Debian's whip-client ---

VIDEO = ('videotestsrc is-live=true ! video/x-raw,width=320,height=180,'
         'framerate=30/1 ! vp8enc deadline=1 keyframe-max-dist=30 ! '
         'rtpvp8pay pt=96 ssrc=2 ! application/x-rtp,media=video,'
         'encoding-name=VP8,payload=96')
AUDIO = ('audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=48000,channels=2 '
         '! opusenc ! rtpopuspay pt=111 ssrc=1 ! application/x-rtp,media=audio,'
         'encoding-name=OPUS,payload=111')


def stub():
    """A folder with what keeps libsoup 3 out of whip-client's process."""
    folder = os.path.join(lab.DATA, 'igd')
    os.makedirs(folder, exist_ok=True)
    name = 'libgupnp-igd-1.0.so.4'
    subprocess.run(['cc', '-shared', '-fPIC', f'-Wl,-soname,{name}', '-o',
                    os.path.join(folder, name), os.path.join(
                        lab.TOP, 'tests', 'support', 'igd_stub.c')], check=True)
    return folder


class WhipClient:
    def __init__(self, address, *more):
        folder = stub()
        self.log = os.path.join(lab.DATA, 'whip-client.log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                ['whip-client', '-u', address, '-V', VIDEO, '-A', AUDIO, '-l',
                 '7', '-o', *more], stdout=log, stderr=log,
                env={**os.environ, 'LD_LIBRARY_PATH': folder})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def said(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()


def whip_client():
    with lab.Launch(LINE) as line, chromium.Browser() as b:
        line.until(BASE)
        with WhipClient(BASE + 'debian/whip', '-t', 'secret') as client:
            until(lambda: ('publish', 'connected') in sessions(),
                  'it does not connect:\n' + client.said()[-2000:])
            check_watched(b, 'debian/')
        said = client.said()
        tap.check('trickle-ice-sdpfrag' in said or 'PATCH' in said,
                  'it did not trickle')
        until(lambda: ('publish', 'connected') not in sessions(),
              'its DELETE did not end it')


def test_debians_whip_client_publishes_and_leaves():
    lab.when_calm(whip_client)


def test_debians_whip_client_needs_the_right_token():
    with lab.Launch(LINE) as line:
        line.until(BASE)
        with WhipClient(BASE + 'whip', '-t', 'wrong') as client:
            until(lambda: '[401]' in client.said(), client.said()[-500:])
        tap.check(sessions() == [], sessions())


# --- npm ---

# CommonJS for a page, and a camera.
REQUIRE = '''(() => {
  const cache = {}, roots = { events: '/events/events.js', 'sdp-transform': '/sdp-transform/lib/index.js' };
  window.load = (path) => {
    if (cache[path]) return cache[path].exports;
    const x = new XMLHttpRequest();
    x.open('GET', path, false);
    x.send();
    const module = cache[path] = { exports: {} };
    const find = (name) => load(roots[name] || new URL(name + (name.endsWith('.js') ? '' : '.js'), location.origin + path).pathname);
    new Function('module', 'exports', 'require', x.responseText)(module, module.exports, find);
    return module.exports;
  };
})();'''
WHIP_WHEP = '''(async () => {
  const { WHIPClient } = await import('/whip-whep/whip.js');
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  for (const t of stream.getTracks()) pc.addTransceiver(t, { direction: 'sendonly', streams: [stream] });
  window.client = new WHIPClient();
  await client.publish(pc, %s, 'secret');
})()'''
WHEP = '''(async () => {
  const { WHEPClient } = await import('/whip-whep/whep.js');
  const pc = window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  pc.addTransceiver('audio', { direction: 'recvonly' });
  pc.addTransceiver('video', { direction: 'recvonly' });
  window.client = new WHEPClient();
  await client.view(pc, %s, 'guest');
})()'''
EYEVINN = '''(async () => {
  const { WHIPClient } = load('/@eyevinn/whip-web-client/dist/whip-client.js');
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  window.client = new WHIPClient({ endpoint: %s, opts: { authkey: 'secret' } });
  await client.ingest(stream);
})()'''
FRAMES = '''(async () => { let n = 0; for (const s of (await pc.getStats()).values())
  if (s.type === 'inbound-rtp' && s.kind === 'video') n += s.framesDecoded; return n; })()'''


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Site:
    """The packages, on a page of this machine."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', FILES), functools.partial(
                Quiet, directory=os.path.join(NPM, 'node_modules')))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def open(b):
        return b.open(f'http://127.0.0.1:{FILES}/',
                      script=chromium.camera(320, 180) + REQUIRE)


def browser_client(script, stop):
    with Site() as site, lab.Launch(LINE) as line, chromium.Browser() as b:
        line.until(BASE)
        page = site.open(b)
        page.eval(script % json.dumps(BASE + 'npm/whip'))
        until(lambda: ('publish', 'connected') in sessions(), sessions())
        check_watched(b, 'npm/')
        viewer = site.open(b)
        viewer.eval(WHEP % json.dumps(BASE + 'npm/whep'))
        until(lambda: viewer.eval(FRAMES) >= 60, 'WHEPClient sees nothing')
        viewer.eval('client.stop()')
        page.eval(stop)
        until(lambda: sessions() == [], sessions())


if lab.IS_LONG:
    def test_npm_whip_whep_publishes_views_and_leaves():
        lab.when_calm(lambda: browser_client(WHIP_WHEP, 'client.stop()'))

    def test_npm_eyevinn_publishes_and_leaves():
        lab.when_calm(lambda: browser_client(EYEVINN, 'client.destroy()'))


if __name__ == '__main__':
    tap.main(globals())
