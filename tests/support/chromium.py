# SPDX-License-Identifier: LGPL-2.1-or-later
"""A headless Chromium on a pipe (DevTools protocol), and a page seen by far_end.js.

    with Browser() as b:
        page = b.open('http://127.0.0.1:8889/live/')
        page.watch(); time.sleep(5); print(page.counters())
"""
import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import numpy

import judge
import tap

FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic',
         '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--disable-extensions',
         '--disable-dev-shm-usage', '--disable-breakpad',
         '--disable-background-timer-throttling',
         '--disable-backgrounding-occluded-windows',
         '--disable-renderer-backgrounding',
         '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
         '--autoplay-policy=no-user-gesture-required',
         '--window-size=1280,800', '--remote-debugging-pipe']
HERE = os.path.dirname(os.path.realpath(__file__))


def camera(width, height, fps=30, beeps=False, hz=440, first=0):
    """The script that makes getUserMedia () give the counter, from @first on, and
    a tone of @hz (camera.js); with @beeps, a flash and a beep each second of one
    clock."""
    with open(os.path.join(HERE, 'camera.js'), encoding='utf-8') as f:
        return (f'window.viaCamera = [{width}, {height}, {fps}, '
                f'{str(beeps).lower()}, {hz}, {first}];\n' + f.read())


class BrowserError(tap.Failed):
    """Also of what was not there in time: lab.when_calm sees to that."""


class Browser:
    def __init__(self, flags=(), prefix=()):
        self.dir = tempfile.mkdtemp(prefix='via-chromium-')
        to_read, self.to = os.pipe()
        self.from_, from_write = os.pipe()

        def give_pipes():       # Chromium reads commands on 3, answers on 4
            a, b = os.dup(to_read), os.dup(from_write)
            while a in (3, 4) or b in (3, 4):
                a, b = os.dup(a), os.dup(b)
            os.dup2(a, 3)
            os.dup2(b, 4)
        self.log = open(os.path.join(self.dir, 'log'), 'wb')
        self.process = subprocess.Popen(
            [*prefix, 'chromium', *FLAGS, *flags, '--user-data-dir=' + self.dir,
             'about:blank'], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, preexec_fn=give_pipes, close_fds=False,
            start_new_session=True, env={**os.environ, 'HOME': self.dir})
        os.close(to_read)
        os.close(from_write)
        self.ids, self.answers = itertools.count(1), {}
        self.arrived, self.gone = threading.Condition(), False
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.version = self.call('Browser.getVersion')['product']
        except BrowserError:
            with open(self.log.name, encoding='utf-8', errors='replace') as f:
                raise BrowserError('Chromium did not start:\n' + f.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        rest = b''
        while chunk := os.read(self.from_, 1 << 20):
            *whole, rest = (rest + chunk).split(b'\0')
            with self.arrived:
                for text in whole:
                    m = json.loads(text)
                    if 'id' in m:
                        self.answers[m['id']] = m
                self.arrived.notify_all()
        with self.arrived:
            self.gone = True
            self.arrived.notify_all()

    def call(self, method, session=None, timeout=60, **params):
        n = next(self.ids)
        m = {'id': n, 'method': method, 'params': params}
        if session:
            m['sessionId'] = session
        data = json.dumps(m).encode() + b'\0'
        try:
            while data:
                data = data[os.write(self.to, data):]
        except BrokenPipeError:
            raise BrowserError(f'{method}: Chromium is gone')
        with self.arrived:
            self.arrived.wait_for(lambda: n in self.answers or self.gone,
                                  timeout)
            answer = self.answers.pop(n, None)
        if answer is None:
            raise BrowserError(f'{method}: no answer')
        if 'error' in answer:
            raise BrowserError(f'{method}: {answer["error"]}')
        return answer['result']

    def open(self, url, rtc_config=None, script=None):
        """@rtc_config: JSON that each RTCPeerConnection of the page takes.
        @script: runs in the page before its own."""
        target = self.call('Target.createTarget', url='about:blank',
                           newWindow=True)['targetId']
        page = Page(self, target)
        if rtc_config:
            page.call('Page.addScriptToEvaluateOnNewDocument',
                      source=f'window.viaRtcConfig = {rtc_config};')
        if script:
            page.call('Page.addScriptToEvaluateOnNewDocument', source=script)
        page.go(url)
        return page

    def close(self):
        try:
            self.call('Browser.close', timeout=5)
            self.process.wait(5)
        except (BrowserError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.to)
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Page:
    def __init__(self, browser, target):
        self.browser, self.target = browser, target
        self.session = browser.call('Target.attachToTarget', targetId=target,
                                    flatten=True)['sessionId']
        self.samples = []
        self.call('Page.enable')
        with open(os.path.join(HERE, 'far_end.js'), encoding='utf-8') as f:
            self.call('Page.addScriptToEvaluateOnNewDocument', source=f.read())

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def go(self, url):
        self.call('Security.setIgnoreCertificateErrors', ignore=True)
        end = time.monotonic() + 30
        error = self.call('Page.navigate', url=url).get('errorText')
        while error and 'ERR_NETWORK_CHANGED' in error \
                and time.monotonic() < end:     # it noticed a lab's own set-up
            error = self.call('Page.navigate', url=url).get('errorText')
        if error:
            raise BrowserError(f'{url}: {error}')
        while not self.eval('document.readyState !== "loading" && '
                            '!!document.body && !!window.viaFar && '
                            f'(location.href !== "about:blank" || '
                            f'{json.dumps(url)} === "about:blank")'):
            if time.monotonic() > end:
                raise BrowserError(f'{url} does not load')
            time.sleep(0.05)

    def eval(self, expression, timeout=60):
        r = self.browser.call('Runtime.evaluate', session=self.session,
                              timeout=timeout, expression=expression,
                              awaitPromise=True, returnByValue=True,
                              userGesture=True)
        if 'exceptionDetails' in r:
            d = r['exceptionDetails']
            raise BrowserError(d.get('exception', {}).get('description')
                               or d['text'])
        return r['result'].get('value')

    def watch(self, seconds=30, numbers=True):
        """Waits for the <video> to show a picture; (width, height)."""
        return self.eval(f'viaFar.watch({seconds * 1000}, '
                         f'{str(numbers).lower()})', timeout=seconds + 10)

    def take(self):
        """New samples: (milliseconds, number or None) per picture shown."""
        new = [(t, n) for t, n in self.eval('viaFar.take()')]
        self.samples += new
        return new

    def counters(self):
        self.take()
        return judge.counters(self.samples)

    def tone(self, hz=440, seconds=2):
        return self.eval(f'viaFar.tone({hz}, {seconds * 1000})')['db']

    def loudness(self, seconds=3):
        return self.eval(f'viaFar.loudness({seconds * 1000})')

    def shown(self):
        """How many pictures were presented since watch ()."""
        return self.eval('viaFar.shown')

    def stats(self):
        return self.eval('viaFar.stats()')

    def grab(self):
        """The luma plane of the picture shown now."""
        g = self.eval('viaFar.grab()')
        return numpy.frombuffer(base64.b64decode(g['luma']), numpy.uint8) \
            .reshape(g['height'], g['width'])

    def resize(self, width, height, scale=1, mobile=False, dark=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width,
                  height=height, deviceScaleFactor=scale, mobile=mobile)
        self.call('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme',
             'value': 'dark' if dark else 'light'}])

    def text(self):
        """What the page says."""
        return self.eval('document.body.innerText')

    def until(self, condition, seconds=30):
        """Waits until the JavaScript @condition holds."""
        end = time.monotonic() + seconds
        while not self.eval(condition):
            if time.monotonic() > end:
                raise BrowserError(f'never: {condition}; the page says: '
                                   + self.text()[:500])
            time.sleep(0.05)

    def screenshot(self, path):
        data = self.call('Page.captureScreenshot', format='png')['data']
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(base64.b64decode(data))

    def close(self):
        self.browser.call('Target.closeTarget', targetId=self.target)
