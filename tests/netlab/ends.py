# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who talks in the lab of nat.py: coturn, our endpoints, our server, Chromium."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import counter
import lab
import nat
import tap

HERE = os.path.dirname(os.path.realpath(__file__))
PORT = 8889


class Authority:
    """Its certificates live in @folder."""
    NEW = ['openssl', 'req', '-newkey', 'ec', '-pkeyopt',
           'ec_paramgen_curve:P-256', '-nodes']
    CONF = ('[ca]\ndefault_ca=a\n[a]\ndatabase={0}/index\nrand_serial=yes\n'
            'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\n'
            'commonName=supplied\n')

    def __init__(self, folder, name='ca'):
        self.path = f'{folder}/{name}'
        os.mkdir(self.path)
        self.ca, self.n = self.path + '/ca.pem', 0
        with open(self.path + '/conf', 'w', encoding='ascii') as f:
            f.write(self.CONF.format(self.path))
        with open(self.path + '/index', 'w', encoding='ascii'):
            pass
        self._run([*self.NEW, '-x509', '-days', '2', '-subj', '/CN=netlab CA',
                   '-keyout', self.path + '/ca-key.pem', '-out', self.ca])

    def _run(self, words):
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def issue(self, names, is_expired=False):
        """(certificate, key), files, for @names as subjectAltName has them."""
        self.n += 1
        cert, key, request, ext = (f'{self.path}/{self.n}-{part}' for part in
                                   ('cert.pem', 'key.pem', 'request', 'ext'))
        with open(ext, 'w', encoding='ascii') as f:
            f.write(f'subjectAltName={names}\n'
                    'basicConstraints=critical,CA:FALSE\n')
        self._run([*self.NEW, '-subj', '/CN=turn', '-keyout', key, '-out',
                   request])
        day, now = 24 * 3600, time.time()
        begin, end = (time.strftime('%Y%m%d%H%M%SZ', time.gmtime(now + d * day))
                      for d in ((-30, -1) if is_expired else (-1, 2)))
        self._run(['openssl', 'ca', '-batch', '-notext', '-config',
                   self.path + '/conf', '-cert', self.ca, '-keyfile',
                   self.path + '/ca-key.pem', '-startdate', begin, '-enddate',
                   end, '-extfile', ext, '-in', request, '-out', cert,
                   '-outdir', self.path])
        return cert, key


class Turn:
    """coturn with the words of Kurento's FAQ; with a secret in the place of
    user and password (@is_secret), with TLS on port 443 (@is_tls)."""
    USER, PASSWORD, SECRET = 'kurento', 'kurento', 'north-7Qx'
    PORT, TLS_PORT = 3478, 443

    def __init__(self, host, is_secret=False, is_tls=False):
        self.host, self.address = host, nat.PUBLIC
        self.is_secret, self.is_tls = is_secret, is_tls

    def credentials(self):
        if self.is_secret:
            return ['--use-auth-secret', f'--static-auth-secret={self.SECRET}']
        return ['-u', f'{self.USER}:{self.PASSWORD}']

    def certificate(self):
        """An authority of its own, and a certificate for the address."""
        authority = Authority(self.dir.name)
        self.ca = authority.ca
        cert, key = authority.issue(f'IP:{self.address}')
        public = subprocess.run(
            f'openssl x509 -in {cert} -pubkey -noout | openssl pkey -pubin '
            '-outform der | openssl dgst -sha256 -binary | base64', shell=True,
            check=True, capture_output=True, text=True).stdout.strip()
        # what makes this one browser trust this one certificate
        self.flags = [f'--ignore-certificate-errors-spki-list={public}']
        return ['--cert', cert, '--pkey', key,
                f'--tls-listening-port={self.TLS_PORT}']

    def __enter__(self):
        self.dir = tempfile.TemporaryDirectory(prefix='via-turn-')
        self.log = os.path.join(self.dir.name, 'log')
        self.process = subprocess.Popen(self.host.command(
            ['turnserver', '-n', '-f', '-a', '-v', '-r', 'kurento.org',
             *self.credentials(), '--no-stdout-log', '--external-ip',
             f'{self.address}/{self.address}', '--no-cli',
             f'--log-file={self.log}', '--simple-log',
             f'--pidfile={self.dir.name}/pid', f'--userdb={self.dir.name}/db',
             *(self.certificate() if self.is_tls else [])]), cwd=self.dir.name, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        until_listens(self.host, 'udp', self.PORT)
        until_listens(self.host, 'tcp', self.PORT)
        return self

    def __exit__(self, *_):
        self.kill()
        self.dir.cleanup()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def allocations(self):
        """How many relays were given, by user name."""
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return len(re.findall(r'ALLOCATE processed, success', f.read()))

    def properties(self, transport='udp'):
        """What an element of ours is told."""
        who = '' if self.is_secret else f'{self.USER}:{self.PASSWORD}@'
        scheme = 'turns' if transport == 'tls' else 'turn'
        port = self.TLS_PORT if transport == 'tls' else self.PORT
        way = '' if transport == 'tls' else f'?transport={transport}'
        return (f'turn-url={scheme}:{who}{self.address}:{port}{way}'
                + (f' turn-secret={self.SECRET}' if self.is_secret else '')
                + (f' turn-tls-ca={self.ca}' if self.is_tls else ''))


def until_listens(host, protocol, port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        out = host.run(['ss', '-lnH', '--' + protocol], capture_output=True,
                       text=True).stdout
        if re.search(rf':{port}\s', out):
            return
        time.sleep(0.05)
    raise RuntimeError(f'nobody listens on {protocol} {port} in {host.name}')


class Peer:
    """peer.py on @host."""

    def __init__(self, host, properties=''):
        self.events, self.arrived = [], threading.Condition()
        self.told = None            # who gets our candidates
        self.err = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            host.command([sys.executable, os.path.join(HERE, 'peer.py'),
                          *properties.split()]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.err,
            text=True, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind:
            self.err.seek(0)
            for line in self.err.read().decode(errors='replace') \
                    .splitlines()[-15:]:
                tap.note('  ' + line[:200])
        self.err.close()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            with self.arrived:
                self.events.append(event)
                self.arrived.notify_all()
            if event[0] == 'candidate' and self.told:
                self.told.do('candidate', *event[2:])

    def do(self, *words):
        try:
            self.process.stdin.write(json.dumps(words) + '\n')
            self.process.stdin.flush()
        except OSError:
            pass                    # killed on purpose

    def until(self, what, value=None, since=0, seconds=40):
        """The first event after number @since like this."""
        def found():
            return next((e for e in self.events[since:] if e[0] == what
                         and value in (None, e[2] if len(e) > 2 else None)),
                        None)
        with self.arrived:
            self.arrived.wait_for(found, seconds)
            event = found()
        tap.check(event, f'never: {what} {value}; '
                  f'{[e[2] for e in self.events if e[0] == "state"]}')
        return event

    def ask(self, what, answer=None, *rest):
        since = len(self.events)
        self.do(what, *rest)
        return self.until(answer or what, since=since)

    def figures(self):
        return self.ask('figures')[2]


def call(a, b):
    """Signalling outside the network; when the offer was asked for."""
    a.told, b.told = b, a
    offer = a.ask('offer')[2]
    answer = b.ask('process-offer', 'answer', offer)[2]
    tap.check(answer, 'no answer')
    tap.check(a.ask('process-answer', 'processed', answer)[2],
              'the answer is refused')
    a.do('gather')
    b.do('gather')
    return a.until('offering')[1]


CLIP = ('hub name=room playerendpoint uri={} hub=room loop=true '
        'webrtcserver name=s hub=room')


class Server(lab.Launch):
    """A gst-launch-1.0 line with webrtcserver on @host; with sinks of its own
    (s.video_sink_0) in @properties, else it shows the counter clip."""

    def __init__(self, host, properties='', **rest):
        self.host = host
        clip = lab.uri(counter.cached_file(lab.DATA, 30))
        super().__init__(
            'webrtcserver name=s' if 's.video_sink' in properties
            else CLIP.format(clip), f'address=:: port={PORT}', properties,
            prefix=host.command([]), **rest)

    def __enter__(self):
        try:
            until_listens(self.host, 'tcp', PORT)
        except RuntimeError:
            self.__exit__(RuntimeError)
            raise
        return self
