#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# long form only
# timeout: 1800
"""libFuzzer searches each target for a while, from its corpus; nothing may break."""
import glob
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path.insert(0, os.path.join(TOP, 'tests', 'support'))
import tap  # noqa: E402

BUILD, SECONDS = os.path.join(TOP, 'build-fuzz'), 20


def search(program):
    name = os.path.basename(program)[len('fuzz_'):]
    corpus = f'{TOP}/tests/fuzz/corpus/{name}'
    with tempfile.TemporaryDirectory() as found:
        p = subprocess.run(
            [program, f'-max_total_time={SECONDS}', '-print_final_stats=1',
             '-rss_limit_mb=1024', '-timeout=5', found, corpus],
            cwd=found, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors='replace')
    runs = re.search(r'number_of_executed_units: (\d+)', p.stdout)
    tap.check(p.returncode == 0, p.stdout[-3000:])
    tap.check(runs and int(runs[1]) > 1000, p.stdout[-500:])
    tap.note(f'{runs[1]} inputs')


if __name__ == '__main__':
    env = {**os.environ, 'CC': 'clang'}
    if not os.path.exists(f'{BUILD}/build.ninja'):
        subprocess.run(['meson', 'setup', BUILD, TOP, '-Dfuzz=enabled', '-Dwerror=false',
                        '-Db_lundef=false', '-Db_sanitize=address,undefined'],
                       env=env, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '-C', BUILD], check=True,
                   stdout=subprocess.DEVNULL)
    tap.main({'test_fuzz_' + os.path.basename(f)[5:]:
              (lambda f=f: search(f))
              for f in sorted(glob.glob(f'{BUILD}/tests/fuzz/fuzz_*'))
              if os.access(f, os.X_OK) and not f.endswith('.p')})
