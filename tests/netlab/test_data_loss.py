#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""Data channels with Chromium while packets get lost: what may be lost is, in
order where that was asked for; what may not is not, beside it."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import network  # noqa: E402
import tap  # noqa: E402
import test_data as data  # noqa: E402

LOSS, N = 10, 300
# each message has a packet of its own
FILL = '.' * 900
# a piece that is lost is found to be so after 1 ms, and then too old
KINDS = {'never': {'maxRetransmits': 0}, 'late': {'maxPacketLifeTime': 1},
         'loose': {'maxRetransmits': 0, 'ordered': False}, 'sure': {}}
NAMES = {'maxRetransmits': 'max-retransmits',
         'maxPacketLifeTime': 'max-packet-lifetime', 'ordered': 'ordered'}


def options(kind):
    return 'o' + ''.join(f',{NAMES[k]}={str(v).lower()}'
                         for k, v in KINDS[kind].items())


def check(got, who):
    for kind, texts in got.items():
        numbers = [int(t.split('.')[0]) for t in texts]
        if N in numbers:    # the end is said until it is heard
            numbers = [n for n in numbers if n != N] + [N]
        tap.note(f'{who}: {kind}: {len(numbers)} of {N}')
        tap.check(len(set(numbers)) == len(numbers), f'{kind}: some twice')
        if kind == 'sure':
            tap.check(numbers == list(range(N + 1)), f'{kind}: {numbers}')
            continue
        tap.check(numbers[-1] == N or kind == 'loose', f'{kind}: no end')
        # on a busy machine 1 ms is over before the first try, too
        least = N / 10 if kind == 'late' else N / 2
        tap.check(least < len(numbers) < N, f'{kind}: {len(numbers)} of {N}')
        if kind != 'loose':
            tap.check(numbers == sorted(numbers), f'{kind}: {numbers}')


def until_end(has_end, say_end):
    """The last message goes once nothing is lost any more; where it is too old
    before its turn, again."""
    network.lose_nothing()
    end = time.monotonic() + 40
    while not has_end() and time.monotonic() < end:
        say_end()
        time.sleep(0.3)
    tap.check(has_end(), 'the end does not come')


@lab.calm
def test_we_send_what_may_be_lost():
    with data.Call() as c:
        ids = {kind: c.create(kind, options(kind)) for kind in KINDS}
        c.connect(we_offer=True)
        for kind in KINDS:
            c.until(lambda k=kind: k in c.opened, kind)
        network.lose(LOSS)
        try:
            for i in range(N):
                for number in ids.values():
                    c.e.emit('send-string', number, f'{i}{FILL}')
                time.sleep(0.004)
            time.sleep(0.5)
        finally:
            until_end(lambda: c.page.eval(
                'Object.values(far.got).every('
                f"t => t.some(x => x.startsWith('s:{N}.')))"),
                lambda: [c.e.emit('send-string', number, f'{N}.')
                         for number in ids.values()])
        got = c.page.eval('far.got')
        check({k: [t[2:] for t in texts] for k, texts in got.items()}, 'we')


@lab.calm
def test_the_page_sends_what_may_be_lost():
    with data.Call() as c:
        c.page.eval(f"Object.entries({json.dumps(KINDS)}).forEach("
                    '([k, o]) => far.keep(far.pc.createDataChannel(k, o))); 1')
        c.connect()
        for kind in KINDS:
            c.until(lambda k=kind: k in c.opened, kind)
            channel = c.opened[kind][0][1]
            tap.check(channel['ordered'] == (kind != 'loose'), kind)
        ids = {kind: c.opened[kind][0][0] for kind in KINDS}
        network.lose(LOSS)
        try:
            c.page.eval(f"""(async () => {{
              for (let i = 0; i < {N}; i++) {{
                for (const ch of Object.values(far.channels))
                  ch.send(i + '{FILL}');
                await new Promise((r) => setTimeout(r, 4));
              }}
              await new Promise((r) => setTimeout(r, 500));
              return 1; }})()""")
        finally:
            last = f'{N}.'.encode()
            until_end(lambda: all(
                any(d == last for _, d in c.got.get(n, ()))
                for n in ids.values()), lambda: c.page.eval(
                    'Object.values(far.channels).forEach('
                    f"ch => ch.send('{N}.')); 1"))
        check({kind: [d.decode() for _, d in c.got[n]]
               for kind, n in ids.items()}, 'the page')


if __name__ == '__main__':
    tap.main(globals())
