# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the interop tests share: a private network, gst-launch lines, a relay.

    lab.enter()      first thing in a test: go on inside netns.sh
    with lab.Launch('hub name=room', …) as line: line.until(url); …
"""
import functools
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
BUILD = os.path.join(TOP, 'build')
DATA = os.path.join(BUILD, 'test-data')
SCREENSHOTS = os.path.join(BUILD, 'screenshots')
MEDIA = os.path.join(TOP, 'tests', 'data', 'media')
ADDRESS = '192.0.2.2'       # of the veth that netns.sh makes
IS_LONG = bool(os.environ.get('VIA_TEST_LONG'))
CRASHES = [-s for s in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS,
                        signal.SIGFPE, signal.SIGILL, signal.SIGTRAP)]

sys.path.insert(0, os.path.join(TOP, 'tests', 'support'))
import tap  # noqa: E402

os.environ['GST_PLUGIN_PATH'] = os.path.join(BUILD, 'gst')
os.environ['GST_REGISTRY'] = os.path.join(BUILD, 'registry.bin')


def enter():
    if os.environ.get('VIA_NETNS') != '1':
        script = os.path.join(TOP, 'tests', 'support', 'netns.sh')
        os.execv(script, [script, sys.executable, *sys.argv])


def uri(path):
    import pathlib
    return pathlib.Path(path).resolve().as_uri()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def get(url, timeout=5):
    """(status, body) of a GET; status 0 if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as r:
            return r.status, r.read().decode(errors='replace')
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(errors='replace')
    except OSError as e:
        return 0, str(e)


class Launch:
    """One gst-launch-1.0 -e line, its output in a file. One that crashes, also
    on its way out, fails the case."""

    def __init__(self, *line, options=('-e',), env=None, stdin=None,
                 prefix=(), cwd=None, is_shell=False):
        """@is_shell: the line is a shell's, which may end in a pipe; it runs
        in @cwd without @options."""
        self.words = ' '.join(line).split()
        command = [*prefix, 'gst-launch-1.0', *options, *self.words]
        if is_shell:
            command = ['bash', '-c', 'set -o pipefail; trap : INT; '
                       'gst-launch-1.0 ' + ' '.join(line)]
        fd, self.path = tempfile.mkstemp(prefix='via-launch-', suffix='.log')
        self.process = subprocess.Popen(
            command, stdout=fd, stderr=fd, stdin=stdin or subprocess.DEVNULL,
            start_new_session=True, cwd=cwd, env={**os.environ, **(env or {})})
        self.is_shell = is_shell
        os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.press_ctrl_c()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        # gst-launch-1.0 catches SIGSEGV, says so, and waits for a debugger.
        has_crashed = (self.process.returncode in CRASHES
                       or 'Caught SIGSEGV' in self.output())
        if kind or has_crashed:
            print('# gst-launch-1.0 ' + ' '.join(self.words))
            for text in self.output().splitlines()[-25:]:
                print('#   ' + text[:300])
        os.unlink(self.path)
        tap.check(kind or not has_crashed, 'gst-launch-1.0 crashed')

    def output(self):
        with open(self.path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def until(self, url, seconds=30):
        """Waits until @url answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError('gst-launch ended:\n' + self.output())
            if get(url)[0] == 200:
                return
            time.sleep(0.1)
        raise tap.Failed(f'{url} does not answer:\n' + self.output())

    def until_says(self, pattern, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            has_ended = self.process.poll() is not None     # before it is read
            if m := re.search(pattern, self.output()):
                return m
            if has_ended:
                break
            time.sleep(0.05)
        raise tap.Failed(f'never said {pattern}:\n' + self.output())

    def press_ctrl_c(self):
        if self.is_shell:
            os.killpg(self.process.pid, signal.SIGINT)
        else:
            self.process.send_signal(signal.SIGINT)

    def interrupt(self, seconds=15):
        """One SIGINT; (return code or None if it hangs, seconds it took)."""
        start = time.monotonic()
        self.press_ctrl_c()
        try:
            rc = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            rc = None
        return rc, time.monotonic() - start


class Relay:
    """coturn on the veth's address, long-term credentials; with @is_secret the
    password is the secret they are made from."""
    USER, PASSWORD, ESCAPED = 'kurento', 'canary-7Qx@z', 'canary-7Qx%40z'
    PORT = 3478

    def __init__(self, is_secret=False):
        self.is_secret = is_secret

    def __enter__(self):
        who = ([f'--user={self.USER}:{self.PASSWORD}'] if not self.is_secret
               else ['--use-auth-secret',
                     f'--static-auth-secret={self.PASSWORD}'])
        self.dir = tempfile.TemporaryDirectory(prefix='via-relay-')
        self.log = os.path.join(self.dir.name, 'log')
        self.process = subprocess.Popen(
            ['turnserver', '-n', '--no-cli', '--lt-cred-mech', '--fingerprint',
             *who, '--realm=kurento.org',
             f'--listening-ip={ADDRESS}', f'--relay-ip={ADDRESS}',
             f'--listening-port={self.PORT}', '--min-port=49160',
             '--max-port=49400', '--no-tls', '--no-dtls',
             '--allow-loopback-peers', '--simple-log', f'--log-file={self.log}',
             f'--pidfile={self.dir.name}/pid', f'--userdb={self.dir.name}/db',
             '-v'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self.dir.name)
        for _ in range(300):
            if self.listens('-t') and self.listens('-u'):
                return self
            time.sleep(0.1)
        raise tap.Failed('coturn does not listen')

    def listens(self, protocol):
        return f':{self.PORT} ' in subprocess.run(
            ['ss', '-lnH', protocol], check=True, capture_output=True,
            text=True).stdout

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.dir.cleanup()

    def allocations(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return len(re.findall(r'ALLOCATE processed, success', f.read()))

    def users(self):
        """Who asked for a relay."""
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return set(re.findall(r'user <([^>]+)>', f.read()))

    def rtc_config(self):
        return json.dumps({
            'iceTransportPolicy': 'relay',
            'iceServers': [{'urls': f'turn:{ADDRESS}:{self.PORT}?transport=udp',
                            'username': self.USER,
                            'credential': self.PASSWORD}]})


class Stun(threading.Thread):
    """A STUN server that tells everybody the same address, @late seconds after
    it was asked."""
    ADDRESS, MAPPED = '203.0.113.77', 41234

    def __init__(self, port=3479, late=0):
        super().__init__(daemon=True)
        self.port, self.late, self.asked = port, late, 0

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ADDRESS, self.port))
        self.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b'', (ADDRESS, self.port))   # wakes it
        self.join()
        self.socket.close()

    def run(self):
        address, cookie = socket.inet_aton(self.ADDRESS), 0x2112A442
        xored = struct.pack('!HHBBHI', 0x20, 8, 0, 1, self.MAPPED ^ cookie >> 16,
                            struct.unpack('!I', address)[0] ^ cookie)
        mapped = struct.pack('!HHBBH4s', 1, 8, 0, 1, self.MAPPED, address)
        waiting = []    # (when, answer, to)
        while True:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                self.socket.sendto(*waiting.pop(0)[1:])
            self.socket.settimeout(waiting[0][0] - now if waiting else None)
            try:
                request, to = self.socket.recvfrom(2000)
            except TimeoutError:
                continue
            if not request:
                return
            if request[:2] != b'\x00\x01':      # a binding request
                continue
            self.asked += 1
            waiting.append((time.monotonic() + self.late, struct.pack(
                '!HH', 0x101, 24) + request[4:20] + mapped + xored, to))


class Others:
    """How many cores something that is not ours kept busy meanwhile. Inside
    netns.sh /proc/stat counts the whole machine, /proc/[0-9]* only us."""

    @staticmethod
    def _ticks():
        with open('/proc/stat', encoding='ascii') as f:
            c = [int(x) for x in f.readline().split()[1:9]]
        busy, ours = sum(c) - c[3] - c[4], 0
        for pid in os.listdir('/proc'):
            if pid.isdigit():
                try:
                    with open(f'/proc/{pid}/stat', encoding='utf-8') as f:
                        fields = f.read().rsplit(')', 1)[1].split()
                    ours += sum(int(x) for x in fields[11:15])
                except OSError:
                    pass
        return busy - ours

    def __enter__(self):
        self.start, self.ticks = time.monotonic(), self._ticks()
        return self

    def __exit__(self, *_):
        pass

    def cores(self):
        seconds = time.monotonic() - self.start
        return (self._ticks() - self.ticks) / os.sysconf('SC_CLK_TCK') / seconds


CALM = 0.3      # cores


def until_calm(seconds):
    """Waits until others leave us the machine, but not for ever."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with Others() as others:
            time.sleep(1)
        if others.cores() < CALM:
            return


def when_calm(function, tries=3):
    """Runs a timed @function; again if it failed while others kept the machine
    busy, also where something was not there in time. What fails on a calm machine
    fails at once."""
    for n in range(tries):
        with Others() as others:
            try:
                return function()
            except tap.Failed as e:
                cores = others.cores()
                if n + 1 == tries or cores < CALM:
                    raise
                tap.note(f'again, others kept {cores:.1f} cores busy: '
                         f'{str(e)[:200]}')
        until_calm(10 * (n + 1))


def calm(function):
    """@function as a case that when_calm runs."""
    return functools.wraps(function)(lambda: when_calm(function))
