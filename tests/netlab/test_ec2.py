#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
"""docs/turn-and-ec2.md, word for word, on a host behind a 1:1 NAT that opens
the ports of the text and no others; 169.254.169.254 is an address of that host.

What differs from a real machine is in INSTEAD; /etc/turnserver.conf is a copy
of the packaged one.
"""
import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import ends  # noqa: E402
import nat  # noqa: E402
import rows  # noqa: E402
import tap  # noqa: E402

TEXT = os.path.join(lab.TOP, 'docs', 'turn-and-ec2.md')
CONF = '/etc/turnserver.conf'
UNIT = '/lib/systemd/system/coturn.service'
METADATA = '169.254.169.254'


def text():
    with open(TEXT, encoding='utf-8') as f:
        return f.read()


def section(heading):
    return next(s for s in re.split(r'^## ', text(), flags=re.M)
                if heading in s.split('\n')[0])


def commands(heading):
    """What the section says to type, one string."""
    blocks = re.findall(r'^```sh\n(.*?)^```', section(heading), re.M | re.S)
    tap.check(blocks, f'no commands in "{heading}"')
    return ''.join(blocks)


def open_ports(heading):
    """The section's table as nft rules of the router."""
    rules = ['ct state established,related accept']
    for ports, protocols in re.findall(r'^\| ([\d-]+) \| ([A-Z, ]+) \|',
                                       section(heading), re.M):
        rules += [f'iifname "net" {p.lower()} dport {ports} accept'
                  for p in protocols.split(', ')]
    tap.check(len(rules) > 2, 'no table of ports')
    return rules + ['iifname "net" counter drop']


def start_of_unit():
    """How systemd starts coturn."""
    with open(UNIT, encoding='utf-8') as f:
        return re.search(r'^ExecStart=(.*)$', f.read(), re.M)[1]


INSTEAD = (('sudo apt-get install', 'apt-get install --simulate'),
           ('sudo systemctl restart coturn',
            'touch coturn.pid; kill $(cat coturn.pid) 2>/dev/null || true; '
            'while ss -lnut | grep -q :3478; do sleep 0.1; done; '
            f'{start_of_unit()} >/dev/null 2>&1 & echo $! >coturn.pid'),
           ('sudo ', ''), (CONF, 'turnserver.conf'))


class Metadata(http.server.BaseHTTPRequestHandler):
    """Version 2 of EC2's service: nothing without a token."""
    TOKEN, PAGES, refused = 'AQAEAFtoken==', {}, []

    def answer(self, status, body=''):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def do_PUT(self):
        ttl = self.headers.get('X-aws-ec2-metadata-token-ttl-seconds')
        good = self.path == '/latest/api/token' and ttl and ttl.isdigit()
        self.answer(200 if good else 400, self.TOKEN if good else '')

    def do_GET(self):
        if self.headers.get('X-aws-ec2-metadata-token') != self.TOKEN:
            self.refused.append(self.path)
            self.answer(401)
        else:
            page = self.PAGES.get(self.path)
            self.answer(200 if page else 404, page or '')

    def log_message(self, *_):
        pass


class Machine:
    """An EC2 machine: private address, 1:1 NAT, metadata service. @ports: the
    section with the table of those that are open. Somebody at home has no UDP
    if @is_blocked."""

    def __init__(self, ports='Open the ports', is_blocked=False):
        self.ports, self.is_blocked = ports, is_blocked

    def __enter__(self):
        self.lab = nat.Lab()
        self.site = self.lab.site('ec2', '1:1', rules=open_ports(self.ports))
        self.elsewhere = self.lab.site(
            'home', 'port-restricted',
            rules=nat.NO_UDP if self.is_blocked else ())
        rows.ipv4_only(self.site, self.elsewhere)
        self.dir = tempfile.mkdtemp(prefix='via-ec2-')
        self.serve_metadata()
        shutil.copy(CONF, self.dir + '/turnserver.conf')
        return self

    def serve_metadata(self):
        self.site.host.ip('addr', 'add', METADATA + '/32', 'dev', 'lo')
        Metadata.PAGES = {'/latest/meta-data/public-ipv4': self.site.public,
                          '/latest/meta-data/local-ipv4': self.site.inside}
        s = self.site.host.socket('SOCK_STREAM')
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((METADATA, 80))
        s.listen()
        self.http = http.server.HTTPServer((METADATA, 80), Metadata, False)
        self.http.socket.close()
        self.http.socket = s
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        try:
            with open(self.dir + '/coturn.pid', encoding='ascii') as f:
                os.kill(int(f.read()), signal.SIGKILL)
        except (OSError, ValueError):
            pass
        self.http.shutdown()
        self.http.server_close()
        shutil.rmtree(self.dir)
        self.lab.__exit__()

    def type(self, script, host=None, **variables):
        """Runs @script there; what it prints."""
        for said, done in INSTEAD:
            script = script.replace(said, done)
        p = subprocess.run(
            (host or self.site.host).command(['bash', '-euc', script]),
            cwd=self.dir, capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL, env={**os.environ, **variables})
        tap.check(p.returncode == 0, f'{script}\n{p.stdout}\n{p.stderr}')
        return p.stdout

    def set_up(self):
        self.type(commands('Install coturn'))
        addresses = commands('Ask EC2')
        said = self.type(addresses + 'echo $PUBLIC $PRIVATE')
        tap.check(said.split() == [self.site.public, self.site.inside], said)
        self.type(addresses + commands('start coturn'))
        ends.until_listens(self.site.host, 'udp', ends.Turn.PORT)


def test_metadata_is_not_told_without_a_token():
    with Machine() as m:
        said = m.type(f'curl -s -o /dev/null -w %{{http_code}} '
                      f'http://{METADATA}/latest/meta-data/public-ipv4')
        tap.check(said == '401', said)


def test_the_line_names_the_relay():
    with Machine() as m:
        m.set_up()
        said = m.type(commands('Test it'), m.elsewhere.host,
                      PUBLIC=m.site.public)
        tap.note(said)
        tap.check(f'"relay {m.site.public}:' in said.replace('\\', ''), said)


def watch(m, words):
    """The line @words on the machine, its page at home; the pair, as the bus
    tells it, and as the page does."""
    tap.check(words.startswith('gst-launch-1.0 -e -m '), words)
    shutil.copy(counter.cached_file(lab.DATA, 30), m.dir + '/clip.webm')
    for name, value in (('$HOME', m.dir), ('$PUBLIC', m.site.public)):
        words = words.replace(name, value)
    with lab.Launch(words.removeprefix('gst-launch-1.0 -e -m '),
                    options=('-e', '-m'),
                    prefix=m.site.host.command([])) as launch, \
            chromium.Browser(prefix=m.elsewhere.host.command([])) as browser:
        ends.until_listens(m.site.host, 'tcp', ends.PORT)
        page = browser.open(f'https://{m.site.public}:{ends.PORT}/live/')
        page.watch()
        time.sleep(1)
        page.take()
        page.samples.clear()
        time.sleep(4)
        rows.check({**page.counters(), 'tone_db': page.tone()})
        said = launch.until_says(
            r'state=\(string\)connected, local=\(string\)"([^"]*)"')[1]
        tap.note(said)
        return said.replace('\\', ''), page.stats()['pair']['local']


def watch_as_written():
    with Machine() as m:
        m.set_up()
        ours, _ = watch(m, commands('Start the server'))
        tap.check(m.site.public in ours, ours)


def test_the_server_as_written_is_watched_from_elsewhere():
    lab.when_calm(watch_as_written)


def watch_by_the_pages_relay():
    with Machine(is_blocked=True) as m:
        m.set_up()
        *words, line = commands('need the relay themselves').splitlines()
        secret = m.type('\n'.join(words) + '\necho $SECRET').strip()
        ends.until_listens(m.site.host, 'tcp', ends.Turn.PORT)
        _, theirs = watch(m, line.replace('$SECRET', secret))
        # The relay's address, however it was learnt: home has no UDP.
        tap.check(theirs['address'] in (m.site.public, m.site.inside), theirs)


def watch_without_turn():
    with Machine('Without TURN') as m:
        ours, _ = watch(m, commands('Without TURN'))
        tap.check(ours == f'host {m.site.inside}:5000', ours)


if lab.IS_LONG:
    def test_a_viewer_without_udp_is_given_the_relay():
        lab.when_calm(watch_by_the_pages_relay)

    def test_one_port_is_enough_without_turn():
        lab.when_calm(watch_without_turn)


if __name__ == '__main__':
    tap.main(globals())
