#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
"""Of two who publish, the watch page shows the one that is chosen there, by the
WHEP extensions for events and layers; and the other again when he leaves."""
import time

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
MILLION = 1000000
CHOICE = 'document.getElementById("choice")'


def publisher(b, name, first):
    page = b.open(f'{BASE}publish?app-data={name}',
                  script=chromium.camera(320, 180, 15, first=first))
    page.until('!document.getElementById("go").disabled')
    page.eval('document.getElementById("go").click()')
    page.until('document.body.dataset.state === "live"')
    return page


def choose(page, name):
    page.eval(f'''(() => {{ const e = {CHOICE};
        e.value = [...e.options].find((o) => o.text === '{name}').value;
        e.dispatchEvent(new Event('change')); }})()''')


def until_sees(page, is_second, seconds=40):
    end = time.monotonic() + seconds
    while True:
        page.samples.clear()
        page.take()
        numbers = [n for _, n in page.samples if n is not None]
        if numbers and (numbers[-1] >= MILLION) == is_second:
            return
        tap.check(time.monotonic() < end, f'sees {numbers[-3:]}')
        time.sleep(0.1)


def test_the_one_that_is_chosen_is_shown_until_he_leaves():
    with lab.Launch(f'webrtcserver port={PORT}') as line, \
            chromium.Browser() as b:
        line.until(BASE)
        publisher(b, 'First', 0)
        second = publisher(b, 'Second', MILLION)
        page = b.open(BASE + 'watch')
        page.watch()
        until_sees(page, False)
        page.until(f'!{CHOICE}.hidden && {CHOICE}.length === 3')
        choose(page, 'Second')
        until_sees(page, True)
        choose(page, 'First')
        until_sees(page, False)
        choose(page, 'Second')
        until_sees(page, True)
        second.close()
        until_sees(page, False)
        page.until(f'{CHOICE}.hidden')


if __name__ == '__main__':
    tap.main(globals())
