#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""The media's path is cut while HTTP goes on: webrtcendpoint signaling-uri=whip://…
looks for another one by PATCH, in the session it has, and where that is refused
by another POST. Pictures are counted at our own server."""
import re
import subprocess
import time

import lab
lab.enter()

import tap  # noqa: E402
import wishmock  # noqa: E402
from test_dial import (Play, Publish, REAL, more, news, said_goodbye,  # noqa: E402
                       until)  # noqa: E402


class Cut:
    """Datagrams from and to @port are dropped, whoever's they are."""

    def __init__(self, port):
        self.port = port

    def __enter__(self):
        subprocess.run(['nft', '-f', '-'], text=True, check=True, input=f'''
            table inet cut {{
              chain in {{
                type filter hook input priority 0;
                udp dport {self.port} drop
                udp sport {self.port} drop
              }}
            }}''')
        return self

    def __exit__(self, *_):
        subprocess.run(['nft', 'delete', 'table', 'inet', 'cut'], check=True)


def pairs(line):
    """Local ports of the pairs that were selected, in order."""
    return re.findall(r'selected-pair, .*?local-port=\(uint\)(\d+)', line.output())


def restarts(mock):
    """Statuses of the PATCHes that restart ICE."""
    return [r.status for r in mock.seen('PATCH')
            if r.headers.get('if-match') == '*' and 'a=ice-ufrag' in r.body]


STEADY = 130     # pictures until what is heard all the time counts as that


def cut(line, receiver):
    """Cuts the path in use; seconds until another one was there, with 15 pictures
    at @receiver if it is named: a source pad does not outlive its publisher."""
    if receiver:
        more(receiver, STEADY)
    was = pairs(line)
    with Cut(was[-1]):
        start = time.monotonic()
        until(lambda: len(pairs(line)) > len(was), 40, 'another pair')
        if receiver:
            more(receiver)
        return time.monotonic() - start


@lab.calm
def test_a_lost_path_is_found_again_by_patch():
    with wishmock.Mock(REAL) as mock, Publish(mock.url('whip', 'whip')) as p:
        p.arrives()
        took = cut(p.client, p.server)
        tap.note(f'pictures again {took:.1f} s after the cut: '
                 f'{[n[0] for n in news(p.client)]}')
        tap.check(len(mock.seen('POST')) == 1, 'another session')
        tap.check(restarts(mock) == [200], f'{restarts(mock)}')
        tap.check('restarting' in [n[0] for n in news(p.client)]
                  and 'retrying' not in [n[0] for n in news(p.client)],
                  f'{news(p.client)}')
        # Nothing else is done about it, and goodbye is said where it was.
        posts = len(mock.seen('POST'))
        more(p.server, 60)
        rc, _ = p.client.interrupt()
        tap.check(rc == 0 and len(mock.seen('POST')) == posts
                  and len(restarts(mock)) == 1, f'{rc}: {[(r.method, r.path, r.status) for r in mock.log]}')
        tap.check(said_goodbye(mock), f'{mock.seen("DELETE")}')


class RestartsNothing(wishmock.Quirk):
    """Trickle is known, an ICE restart is not."""

    def before(self, mock, request):
        if request.method == 'PATCH' and request.headers.get('if-match') == '*':
            return 422, [], ''
        return None


class NoTag(wishmock.Quirk):
    """No ETag, so no session that could be restarted."""

    def bend(self, mock, request, status, headers, body):
        return status, wishmock.without(headers, 'etag'), body


if lab.IS_LONG:
    def test_a_lost_path_is_found_again_by_patch_while_playing():
        with wishmock.Mock(REAL) as mock, Play(mock.url('whep', 'whep')) as p:
            took = cut(p.client, p.client)
            tap.note(f'pictures again {took:.1f} s after the cut')
            tap.check(len(mock.seen('POST')) == 1 and restarts(mock) == [200],
                      f'{[(r.method, r.path, r.status) for r in mock.log]}')

    def test_where_a_restart_is_refused_or_there_is_no_tag_it_posts_again():
        for quirk in (RestartsNothing(), NoTag()):
            with wishmock.Mock(REAL, quirk) as mock, \
                    Publish(mock.url('whip', 'whip')) as p:
                p.arrives()
                took = cut(p.client, None)
                tap.note(f'{type(quirk).__name__}: another path {took:.1f} s '
                         f'after the cut, PATCH {restarts(mock)}')
                tap.check(len(mock.seen('POST')) == 2, 'no other session')
                tap.check(len(mock.seen('DELETE')) == 1, 'the old one is left')


if __name__ == '__main__':
    tap.main(globals())
