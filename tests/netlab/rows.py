# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of the matrix: two sites, what is between them, who talks, and what
must come of it. A row ends with a Result or raises."""
import contextlib
import dataclasses
import time

import chromium
import ends
import judge
import nat
import tap

PUBLIC = f'{nat.PUBLIC}:{ends.Turn.PORT}'
SECONDS = 4                     # of judged media


@dataclasses.dataclass
class Result:
    name: str
    who: str            # and which way the media goes
    pair: str
    ms: float           # from the offer to the first picture; the later end's
    figures: list       # of each end that receives, with its tone

    def __str__(self):
        ends_ = '; '.join(f'{f["in_order"]:.0%} of {f["last"] - f["first"] + 1}'
                          f' in order, tone {f["tone_db"]:.0f} dB'
                          for f in self.figures)
        return (f'{self.name} | {self.who} | {self.pair} | {self.ms:.0f} ms | '
                f'{ends_}')


HEAD = ('row | who | winning pair | offer to first picture | judged where it '
        'arrives')


def check(figures, least=SECONDS * 15 * 3 // 4):
    tap.note(figures)
    wrong = judge.plays(figures, least)
    tap.check(wrong is None, wrong)
    tap.check(figures['tone_db'] >= judge.TONE_DB, f'tone {figures["tone_db"]}')


# --- two of ours ---

def play_peers(name, a, b, of_a='', of_b=''):
    """webrtcendpoint on each host, media both ways, signalled beside the net."""
    with ends.Peer(a, of_a) as x, ends.Peer(b, of_b) as y:
        start = ends.call(x, y)
        ms = max(p.until('first')[2] - start for p in (x, y)) * 1000
        time.sleep(1)
        for p in (x, y):
            p.do('forget')
        time.sleep(SECONDS)
        figures = [p.figures() for p in (x, y)]
        for f in figures:
            check(f)
    return Result(name, 'ours ↔ ours, both ways',
                  ' ↔ '.join(figures[0]['pair']), ms, figures)


# --- webrtcserver and its own page in Chromium ---

def candidate(c):
    relay = c.get('relayProtocol')
    way = f' by {relay}' if relay else ''
    kind = f' {c["protocol"]}' if c['protocol'] != 'udp' else ''
    return f'{c["candidateType"]}{kind} {c["address"]}:{c["port"]}{way}'


@contextlib.contextmanager
def watching(server_host, page_host, url, properties='', flags=()):
    with ends.Server(server_host, properties), \
            chromium.Browser(flags, page_host.command([])) as browser:
        page = browser.open(url)
        page.watch()
        yield page


def play_page(name, server_host, page_host, url, properties='', flags=()):
    """The server's page, as a person opens it: nothing in it is scripted."""
    with watching(server_host, page_host, url, properties, flags) as page:
        ms = page.eval('viaFar.offerToPicture')
        time.sleep(1)
        page.take()
        page.samples.clear()
        time.sleep(SECONDS)
        figures = {**page.counters(), 'tone_db': page.tone()}
        pair = page.stats()['pair']
    check(figures)
    return Result(name, 'webrtcserver → its page in Chromium',
                  f'{candidate(pair["remote"])} ↔ {candidate(pair["local"])}',
                  ms, [figures])


def is_types(result, *wanted):
    """Each of @wanted is how one side of the pair begins, in any order."""
    sides = sorted(result.pair.split(' ↔ '))
    for side, w in zip(sides, sorted(wanted)):
        tap.check(side.startswith(w), f'the pair is {result.pair}')
    return result


# --- the rows ---

def ipv4_only(*sites):
    for s in sites:
        s.host.without(6)


def direct():
    with nat.Lab() as l:
        a, b = l.site('a'), l.site('b')
        ipv4_only(a, b)
        return is_types(play_peers('direct', a.host, b.host), 'host', 'host')


def behind_one_to_one():
    with nat.Lab() as l:
        a, b = l.site('a', '1:1'), l.site('b', 'port-restricted')
        ipv4_only(a, b)
        result = play_page(
            'server behind 1:1 NAT, external-ipv4', a.host, b.host,
            f'https://{a.public}:{ends.PORT}/live/',
            f'external-ipv4={a.public}')
        tap.check(result.pair.startswith(f'host {a.public}:'),
                  f'the pair is {result.pair}')
        return result


def behind_port_restricted():
    with nat.Lab() as l, ends.Turn(l.public):
        a, b = (l.site(n, 'port-restricted') for n in 'ab')
        ipv4_only(a, b)
        stun = 'stun-server=' + PUBLIC
        result = play_peers('both behind port-restricted NAT, STUN', a.host,
                            b.host, stun, stun)
        for s in (a, b):
            tap.check(s.public in result.pair, f'the pair is {result.pair}')
        return result


def behind_symmetric():
    with nat.Lab() as l, ends.Turn(l.public, is_secret=True) as turn:
        a = l.site('a', 'symmetric', {ends.PORT: ends.PORT})
        b = l.site('b', 'symmetric')
        ipv4_only(a, b)
        result = play_page(
            'both behind symmetric NAT, TURN/UDP', a.host, b.host,
            f'https://{a.public}:{ends.PORT}/live/',
            f'stun-server={PUBLIC} {turn.properties()}')
        tap.check('relay ' in result.pair and turn.allocations() > 0,
                  f'the pair is {result.pair}')
        return result


def udp_blocked():
    with nat.Lab() as l, ends.Turn(l.public) as turn:
        a, b = (l.site(n, 'port-restricted', rules=nat.NO_UDP) for n in 'ab')
        ipv4_only(a, b)
        tcp = turn.properties('tcp')
        result = play_peers('UDP blocked, TURN/TCP', a.host, b.host, tcp, tcp)
        tap.check(a.router.dropped() > 0, 'no UDP was tried')
        return is_types(result, 'relay', 'relay')


def only_443():
    """TCP to port 443 and nothing else, on both sides; HTTPS has it too."""
    with nat.Lab() as l, \
            ends.Turn(l.public, is_secret=True, is_tls=True) as turn:
        a = l.site('a', 'port-restricted', {443: ends.PORT}, nat.only_tcp(443))
        b = l.site('b', 'port-restricted', rules=nat.only_tcp(443))
        ipv4_only(a, b)
        result = play_page('only 443 open, TURN/TLS', a.host, b.host,
                           f'https://{a.public}/live/', turn.properties('tls'),
                           turn.flags)
        tap.check(result.pair.endswith('by tls'), f'the pair is {result.pair}')
        return is_types(result, 'relay', 'relay')


def ice_tcp():
    """No UDP, no relay; the server can be reached by TCP."""
    with nat.Lab() as l:
        a, b = l.site('a', '1:1'), l.site('b', 'port-restricted')
        for s in (a, b):
            s.firewall(nat.NO_UDP)
        ipv4_only(a, b)
        result = play_page('ICE-TCP only', a.host, b.host,
                           f'https://{a.public}:{ends.PORT}/live/',
                           f'ice-tcp=true external-ipv4={a.public}')
        tap.check(result.pair.count(' tcp ') == 2, f'the pair is {result.pair}')
        return result


def ipv6_only():
    with nat.Lab() as l:
        a, b = l.site('a'), l.site('b')
        for s in (a, b):
            s.host.without(4)
        result = play_page('IPv6 only', a.host, b.host,
                           f'https://[{a.address6}]:{ends.PORT}/live/')
        tap.check(result.pair.count('2001:db8:') == 2,
                  f'the pair is {result.pair}')
        return result


MEDIA_PORT = 5000


def one_port(protocols):
    """A public address; a firewall that lets in HTTP and one port more."""
    with nat.Lab() as l:
        a = l.site('a', None, {ends.PORT: ends.PORT})
        b = l.site('b', 'port-restricted')
        rules = [f'iifname "net" {p} dport {MEDIA_PORT} accept'
                 for p in protocols]
        if 'udp' not in protocols:
            rules += nat.NO_UDP
        a.firewall(rules)
        ipv4_only(a, b)
        result = play_page(
            f'single port, only {" and ".join(protocols).upper()} '
            f'{MEDIA_PORT} open', a.host, b.host,
            f'https://{a.public}:{ends.PORT}/live/',
            f'single-port={MEDIA_PORT}')
        tap.check(f'{a.public}:{MEDIA_PORT}' in result.pair
                  and ('tcp' in result.pair) == (protocols == ['tcp']),
                  f'the pair is {result.pair}')
        return result


def single_port_udp():
    return one_port(['udp'])


def single_port_tcp():
    return one_port(['tcp'])


def one_port_behind_nat():
    """As docs/turn-and-ec2.md has it: 1:1 NAT, HTTP and one port, no TURN."""
    with nat.Lab() as l:
        a, b = l.site('a', '1:1'), l.site('b', 'port-restricted')
        a.firewall(['ct state established,related accept',
                    f'iifname "net" tcp dport {{ {ends.PORT}, {MEDIA_PORT} }} '
                    'accept', f'iifname "net" udp dport {MEDIA_PORT} accept',
                    'iifname "net" counter drop'])
        ipv4_only(a, b)
        result = play_page(
            'single port behind 1:1 NAT', a.host, b.host,
            f'https://{a.public}:{ends.PORT}/live/',
            f'single-port={MEDIA_PORT} external-ipv4={a.public}')
        tap.check(f'host {a.public}:{MEDIA_PORT}' in result.pair,
                  f'the pair is {result.pair}')
        return result


ROWS = (direct, behind_one_to_one, behind_port_restricted, behind_symmetric,
        udp_blocked, only_443, ipv6_only, ice_tcp, single_port_udp,
        single_port_tcp, one_port_behind_nat)
