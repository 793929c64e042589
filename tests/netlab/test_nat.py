#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
"""NATs are what they are called; three rows of the matrix (test_matrix.py has
them all)."""
import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import nat  # noqa: E402
import rows  # noqa: E402
import tap  # noqa: E402


def probe(lab_, site):
    """(address two servers see, is it the same, does a third one reach us)"""
    with contextlib.ExitStack() as stack:
        host, *servers = [stack.enter_context(s) for s in (
            site.host.udp(4000), *(lab_.public.udp(p) for p in range(7000, 7003)))]
        seen = []
        for s in servers[:2]:
            host.sendto(b'who am I', (nat.PUBLIC, s.getsockname()[1]))
            seen.append(s.recvfrom(100)[1])
            s.sendto(b'an answer', seen[-1])
            tap.check(host.recv(100) == b'an answer', 'no answer')
        servers[2].sendto(b'not asked for', seen[0])
        host.settimeout(1)
        try:
            is_open = host.recv(100) == b'not asked for'
        except TimeoutError:
            is_open = False
        return seen[0], seen[0] == seen[1], is_open


def test_each_nat_is_what_it_is_called():
    with nat.Lab() as lab_:
        for kind, keeps_port, is_same, is_open in (
                (None, True, True, False), ('1:1', True, True, True),
                ('full-cone', True, True, True),
                ('port-restricted', True, True, False),
                ('symmetric', False, False, False)):
            site = lab_.site(f'site-{kind}', kind)
            (address, port), same, opened = probe(lab_, site)
            tap.note(f'{kind}: {address}:{port} {same} {opened}')
            tap.check(address == site.public, f'{kind} shows {address}')
            tap.check((port == 4000, same, opened)
                      == (keeps_port, is_same, is_open),
                      f'{kind}: port {port}, to all the same {same}, reached '
                      f'by anybody {opened}')


def test_behind_port_restricted():
    tap.note(lab.when_calm(rows.behind_port_restricted))


def test_behind_symmetric():
    tap.note(lab.when_calm(rows.behind_symmetric))


def test_single_port_tcp():
    tap.note(lab.when_calm(rows.single_port_tcp))


if __name__ == '__main__':
    tap.main(globals())
