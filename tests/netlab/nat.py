# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two sites and a public network between them, of network namespaces and nft.

    with nat.Lab() as lab_:
        a = lab_.site('a', nat='port-restricted', forward={8889: 8889})
        a.host.run(['ping', '-c1', nat.PUBLIC])

A site is a host (eth0, 10.N.0.2) behind a router with one public address
(203.0.113.N0), or, with nat=None, a host with that address itself behind a
bare firewall. The public network's own host is 203.0.113.5. Runs inside
netns.sh; a namespace lives as long as the process that holds it.

NAT: '1:1' as EC2 does it; 'full-cone' takes what comes from anywhere;
'port-restricted' keeps ports and takes answers only; 'symmetric' gives each
pair of addresses a random port, and takes answers only.
"""
import contextlib
import ctypes
import os
import socket
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
PUBLIC, PUBLIC6 = '203.0.113.5', '2001:db8:5::5'
NOWHERE, NOWHERE6 = '203.0.113.254', '2001:db8:5::fe'

MASQUERADE = {
    '1:1': 'snat to {public}',
    'full-cone': 'masquerade',
    'port-restricted': 'masquerade',
    'symmetric': 'masquerade random,fully-random'}
FROM_ANYWHERE = {'1:1': 'dnat to {inside}',
                 'full-cone': 'meta l4proto udp dnat to {inside}'}


class Host:
    """A network namespace."""

    def __init__(self, name):
        self.name = name
        self.holder = subprocess.Popen(['unshare', '--net', 'sleep', 'infinity'])
        self.pid = self.holder.pid
        end = time.monotonic() + 10
        while os.readlink(f'/proc/{self.pid}/ns/net') == os.readlink(
                '/proc/self/ns/net'):
            if time.monotonic() > end:
                raise RuntimeError(f'no namespace for {name}')
            time.sleep(0.01)
        # Addresses are there at once; Chromium gives up what it asks meanwhile.
        self.set('net.ipv6.conf.default.accept_dad', 0)
        self.ip('link', 'set', 'lo', 'up')

    def close(self):
        self.holder.kill()
        self.holder.wait()

    def command(self, words):
        """@words as a command line that runs here."""
        return ['nsenter', f'--net=/proc/{self.pid}/ns/net', '--', *words]

    def run(self, words, **rest):
        return subprocess.run(self.command(words), check=True, **rest)

    def ip(self, *words):
        self.run(['ip', *words])

    def nft(self, text):
        self.run(['nft', '-f', '-'], input=text, text=True)

    def socket(self, kind, family='AF_INET', protocol=0):
        """A socket of this namespace."""
        made = []

        def make():             # setns(2) holds for the thread alone
            fd = os.open(f'/proc/{self.pid}/ns/net', os.O_RDONLY)
            if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), 'setns')
            os.close(fd)
            made.append(socket.socket(getattr(socket, family),
                                      getattr(socket, kind), protocol))
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def udp(self, port):
        s = self.socket('SOCK_DGRAM')
        s.bind(('', port))
        s.settimeout(10)
        return s

    def set(self, name, value):
        """@name as sysctl(8) takes it."""
        path = '/proc/sys/' + name.replace('.', '/')
        self.run(['sh', '-c', f'echo {value} > {path}'])

    def without(self, version):
        """No IPv6, or nothing but it."""
        if version == 6:
            self.set('net.ipv6.conf.all.disable_ipv6', 1)
        else:
            self.ip('-4', 'addr', 'flush', 'dev', 'eth0')

    def dropped(self):
        """Packets that met a counted drop of nft."""
        out = self.run(['nft', 'list', 'ruleset'], capture_output=True,
                       text=True).stdout
        return sum(int(line.split('packets ')[1].split()[0])
                   for line in out.splitlines()
                   if 'drop' in line and 'packets ' in line)


class Capture:
    """All frames that pass @device of @host, both ways."""

    def __init__(self, host, device):
        self.frames, self.over = [], threading.Event()
        self.socket = host.socket('SOCK_RAW', 'AF_PACKET',
                                  socket.htons(ETH_P_ALL))
        self.socket.bind((device, 0))
        self.socket.settimeout(0.2)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.socket.close()

    def run(self):
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                self.frames.append(self.socket.recv(65536))

    def udp(self):
        """(source, its port, DSCP, payload) of each IPv4 datagram."""
        for f in list(self.frames):
            ip = f[14:]
            if f[12:14] == b'\x08\x00' and ip[9] == socket.IPPROTO_UDP:
                at = (ip[0] & 15) * 4
                yield (socket.inet_ntoa(ip[12:16]),
                       int.from_bytes(ip[at:at + 2], 'big'), ip[1] >> 2,
                       ip[at + 8:])

    def has(self, *wanted):
        """Those of @wanted that are in a frame, or go on in the next one."""
        seen = b''.join(self.frames)
        return [w for w in wanted if w in seen]


def lead_nowhere(host):
    """What is for no network of the lab vanishes, as it does elsewhere: where
    there is no route at all, send () fails, and coturn drops the client."""
    for address in (NOWHERE, NOWHERE6):
        host.ip('neigh', 'add', address, 'lladdr', '02:00:00:00:00:01', 'dev',
                'net', 'nud', 'permanent')
        host.ip('route', 'add', 'default', 'via', address, 'dev', 'net')


def wire(a, name_a, b, name_b):
    subprocess.run(['ip', 'link', 'add', name_a, 'netns', str(a.pid), 'type',
                    'veth', 'peer', 'name', name_b, 'netns', str(b.pid)],
                   check=True)
    a.ip('link', 'set', name_a, 'up')
    b.ip('link', 'set', name_b, 'up')


def until_up(host, name):
    """ICE passes over an interface that is not running."""
    for _ in range(200):
        out = host.run(['ip', 'link', 'show', name], capture_output=True,
                       text=True).stdout
        if 'LOWER_UP' in out:
            return
        time.sleep(0.05)
    raise RuntimeError(f'{name} of {host.name} does not come up')


class Site:
    """@forward: {public TCP port: port of the host}, for signalling and for
    what a test needs. @rules: nft rules before all others of the way through
    the router ("net" is its public side, "in" the other)."""

    def __init__(self, lab_, name, number, nat, forward, rules):
        self.name, self.nat = name, nat
        self.public = f'203.0.113.{number}0'
        self.inside = f'10.{number}.0.2' if nat else self.public
        self.address6 = f'2001:db8:{number}::2'
        self.host, self.router = Host(name), Host('router-' + name)
        wire(self.router, 'net', lab_.public, f'to-{number}')
        wire(self.router, 'in', self.host, 'eth0')
        lab_.public.ip('link', 'set', f'to-{number}', 'master', 'net')
        for h, device in ((self.router, 'net'), (self.router, 'in'),
                          (self.host, 'eth0')):
            until_up(h, device)
        self.router.set('net.ipv4.ip_forward', 1)
        self.router.set('net.ipv6.conf.all.forwarding', 1)
        self.number, self.forward = number, dict(forward)
        self.address()
        self.firewall(rules)

    def address(self):
        n, router, host = self.number, self.router, self.host
        if self.nat:
            router.ip('addr', 'add', f'{self.public}/24', 'dev', 'net')
            router.ip('addr', 'add', f'10.{n}.0.1/24', 'dev', 'in')
            host.ip('addr', 'add', f'{self.inside}/24', 'dev', 'eth0')
            host.ip('route', 'add', 'default', 'via', f'10.{n}.0.1')
        else:               # the router passes on what is for the host
            router.ip('addr', 'add', f'203.0.113.{n}1/24', 'dev', 'net')
            router.ip('addr', 'add', f'10.{n}.0.1/24', 'dev', 'in')
            router.ip('route', 'add', self.public, 'dev', 'in')
            router.set('net.ipv4.conf.net.proxy_arp', 1)
            router.set('net.ipv4.neigh.net.proxy_delay', 0)
            host.ip('addr', 'add', f'{self.public}/32', 'dev', 'eth0')
            host.ip('route', 'add', f'10.{n}.0.1', 'dev', 'eth0')
            host.ip('route', 'add', 'default', 'via', f'10.{n}.0.1')
        for h, device, address in (
                (router, 'net', f'2001:db8:5::{n}0/64'),
                (router, 'in', f'2001:db8:{n}::1/64'),
                (host, 'eth0', f'{self.address6}/64')):
            h.ip('addr', 'add', address, 'dev', device, 'nodad')
        host.ip('route', 'add', 'default', 'via', f'2001:db8:{n}::1')
        lead_nowhere(router)

    def second(self):
        """One more interface of the host, eth1, with a public address of its
        own (of a site without NAT); what is sent from there goes that way."""
        n, router, host = self.number, self.router, self.host
        address, gateway = f'203.0.113.{n}2', f'10.{n}.1.1'
        wire(router, 'in2', host, 'eth1')
        router.ip('addr', 'add', f'{gateway}/24', 'dev', 'in2')
        router.ip('route', 'add', address, 'dev', 'in2')
        host.ip('addr', 'add', f'{address}/32', 'dev', 'eth1')
        host.ip('route', 'add', gateway, 'dev', 'eth1')
        host.ip('route', 'add', 'default', 'via', gateway, 'metric', '200')
        host.ip('route', 'add', 'default', 'via', gateway, 'dev', 'eth1',
                'table', '101')
        host.ip('rule', 'add', 'from', address, 'lookup', '101')
        for device in (router, 'in2'), (host, 'eth1'):
            until_up(*device)
        return address

    def firewall(self, rules=()):
        """Replaces the router's rules; @rules first."""
        names = {'public': self.public, 'inside': self.inside}
        before, after = [], []
        if self.nat:
            before = [f'tcp dport {p} dnat to {self.inside}:{q}'
                      for p, q in self.forward.items()]
            if self.nat in FROM_ANYWHERE:
                before.append(FROM_ANYWHERE[self.nat].format(**names))
            after = [MASQUERADE[self.nat].format(**names)]
        hairpin = self.nat == '1:1'     # EC2 lets one reach oneself
        opened = (f'tcp dport {{ {", ".join(map(str, self.forward))} }} accept'
                  if self.forward and not self.nat else '')
        # A router that answered what nobody asked for would keep its port.
        self.router.nft(
            'table ip nat\ndelete table ip nat\n'
            'table inet wall\ndelete table inet wall\n'
            'table ip nat {\n'
            ' chain in { type nat hook prerouting priority dstnat;\n'
            + ''.join(f'  iifname "net" ip daddr {self.public} {r}\n'
                      for r in before)
            + (f'  iifname "in" ip daddr {self.public} dnat to {self.inside}\n'
               if hairpin else '')
            + ' }\n chain out { type nat hook postrouting priority srcnat;\n'
            + ''.join(f'  oifname "net" {r}\n' for r in after)
            + (f'  oifname "in" ip saddr {self.inside} snat to {self.public}\n'
               if hairpin else '')
            + ' }\n}\ntable inet wall {\n'
            ' chain through { type filter hook forward priority 0;\n'
            + ''.join(f'  {r}\n' for r in rules)
            + '  ct state established,related accept\n'
            '  iifname "net" ct status dnat accept\n'
            f'  {opened}\n'
            '  iifname "net" meta nfproto ipv4 counter drop\n }\n'
            ' chain here { type filter hook input priority 0;\n'
            '  iifname "net" meta nfproto ipv4 ct state new counter drop\n'
            ' }\n}\n')

    def count_dtls(self):
        """From here on DTLS handshake packets are counted, of both ways."""
        self.router.nft(
            'table inet count {\n chain through {\n'
            '  type filter hook forward priority 10;\n'
            '  meta l4proto udp @th,64,8 22 counter\n }\n}\n')

    def dtls(self):
        out = self.router.run(['nft', 'list', 'table', 'inet', 'count'],
                              capture_output=True, text=True).stdout
        return int(out.split('packets ')[1].split()[0])

    def close(self):
        self.host.close()
        self.router.close()


NO_UDP = ['meta l4proto udp counter drop']


def only_tcp(port, forward=()):
    """Out: TCP to @port and nothing else; in: what is forwarded."""
    return ['ct state established,related accept',
            'iifname "net" ct status dnat accept',
            f'oifname "net" tcp dport {port} accept', 'counter drop']


class Lab:
    def __init__(self):
        self.public = Host('public')
        self.sites = {}
        self.public.ip('link', 'add', 'net', 'type', 'bridge')
        self.public.ip('link', 'set', 'net', 'up')
        self.public.ip('addr', 'add', f'{PUBLIC}/24', 'dev', 'net')
        self.public.ip('addr', 'add', f'{PUBLIC6}/64', 'dev', 'net', 'nodad')
        lead_nowhere(self.public)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for site in self.sites.values():
            site.close()
        self.public.close()

    def site(self, name, nat=None, forward=(), rules=()):
        number = len(self.sites) + 1
        site = Site(self, name, number, nat, forward, rules)
        self.sites[name] = site
        self.public.ip('route', 'add', f'2001:db8:{number}::/64', 'via',
                       f'2001:db8:5::{number}0')
        for other in self.sites.values():
            if other is not site:
                for x, y in ((site, other), (other, site)):
                    x.router.ip('route', 'add', f'2001:db8:{y.number}::/64',
                                'via', f'2001:db8:5::{y.number}0')
        return site
