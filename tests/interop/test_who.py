#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# in pairs
"""README's program that tells to whom an endpoint belongs, and where it is coming
from, run as it stands there against Chromium."""
import os
import re
import subprocess
import sys
import tempfile
import time

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402

SERVER = 'http://127.0.0.1:8889/live/'


def program():
    with open(os.path.join(lab.TOP, 'README.md'), encoding='utf-8') as f:
        section = f.read().split('## Which client is this endpoint?', 1)[1]
    return re.search(r'```python\n(.*?)```', section, re.S)[1]


def until(path, pattern, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open(path, encoding='utf-8') as f:
            text = f.read()
        if m := re.search(pattern, text, re.M):
            return m
        time.sleep(0.05)
    tap.check(False, f'{pattern} is not in: {text}')


def addresses_of(page):
    """Every local host and port the browser has candidates with."""
    return page.eval('''(async () => {
      const found = [];
      for (const pc of viaFar.peers)
        for (const s of (await pc.getStats()).values())
          if (s.type === 'local-candidate')
            found.push(s.port);
      return found; })()''')


def test_the_readme_answers_whose_endpoint_this_is_and_from_where():
    with tempfile.NamedTemporaryFile('w+', suffix='.log') as log, \
            chromium.Browser() as b:
        p = subprocess.Popen([sys.executable, '-c', program()], stdout=log,
                             stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + 30
            while lab.get(SERVER)[0] != 200 and time.monotonic() < end:
                time.sleep(0.1)
            for who in ('Alice', 'Bob%20%26%20Zo%C3%AB'):
                page = b.open(SERVER + 'watch?app-data=' + who)
                page.watch(numbers=False)
                name = 'Alice' if who == 'Alice' else 'Bob & Zoë'
                lines = [until(log.name, rf'^{what}: {name} (\S+):(\d+) (\w+)$')
                         for what in ('message', 'find-port')]
                tap.note([m[0] for m in lines])
                tap.check(lines[0].groups() == lines[1].groups(),
                          f'{lines[0][0]}, {lines[1][0]}')
                ports = addresses_of(page)
                tap.check(int(lines[0][2]) in ports,
                          f'{lines[0][0]}: the browser has {ports}')
                tap.check(lines[0][3] in ('host', 'prflx'), lines[0][0])
        finally:
            p.kill()
            p.wait()


if __name__ == '__main__':
    tap.main(globals())
