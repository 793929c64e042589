# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the netlab tests do to the network of netns.sh.

    with network.Bad('--delay', '50', '--loss', '2'): …   all of UDP, both ways
    network.lose(3); network.lose_nothing()               by the kernel, at once
"""
import os
import re
import subprocess

import lab

RELAY = os.path.join(lab.BUILD, 'tests', 'netlab', 'netlab-relay')
DEVICE = 'bad0'


def nft(text):
    subprocess.run(['nft', '-f', '-'], input=text, text=True, check=True)


def lose(percent, but=()):
    """@percent of the UDP packets, except what the nft matches @but name."""
    chance = f'numgen random mod 100 < {percent} ' if percent < 100 else ''
    nft('add table inet via\n'
        'add chain inet via in { type filter hook input priority 0; }\n'
        + ''.join(f'add rule inet via in {b} accept\n' for b in but)
        + f'add rule inet via in meta l4proto udp ip daddr {lab.ADDRESS} '
        + chance + 'counter drop\n')


def lose_nothing():
    nft('delete table inet via\n')


def ip(*words):
    subprocess.run(['ip', *words], check=True)


class Bad:
    """Packets to our own address go through netlab-relay, not straight."""

    def __init__(self, *options):
        self.options = options
        self.did = {}

    def __enter__(self):
        self.process = subprocess.Popen(
            [RELAY, DEVICE, *self.options], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != 'ready\n':
            raise RuntimeError('netlab-relay did not start')
        ip('link', 'set', DEVICE, 'addrgenmode', 'none', 'up')
        for name, value in (('accept_local', 1), ('rp_filter', 0)):
            for device in ('all', DEVICE):
                with open(f'/proc/sys/net/ipv4/conf/{device}/{name}', 'w',
                          encoding='ascii') as f:
                    f.write(str(value))
        # ICE sends by the interface that has the address. What we send comes
        # first to the device; what comes out of it is ours.
        ip('addr', 'del', f'{lab.ADDRESS}/24', 'dev', 'via0')
        ip('addr', 'add', f'{lab.ADDRESS}/24', 'dev', DEVICE)
        ip('route', 'replace', 'default', 'dev', DEVICE)
        ip('route', 'add', lab.ADDRESS, 'dev', DEVICE, 'table', '100')
        ip('rule', 'add', 'pref', '10', 'lookup', 'local')
        ip('rule', 'add', 'pref', '5', 'iif', 'lo', 'to', lab.ADDRESS,
           'lookup', '100')
        ip('rule', 'del', 'pref', '0', 'lookup', 'local')
        return self

    def __exit__(self, *_):
        ip('rule', 'add', 'pref', '0', 'lookup', 'local')
        ip('rule', 'del', 'pref', '5')
        ip('rule', 'del', 'pref', '10')
        ip('addr', 'add', f'{lab.ADDRESS}/24', 'dev', 'via0')
        ip('route', 'replace', 'default', 'dev', 'via0')
        self.process.terminate()
        out, _ = self.process.communicate(timeout=5)
        self.did = {k: int(v) for k, v in re.findall(r'([\w-]+) (\d+)', out)}
