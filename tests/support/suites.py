#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the suites and adds up their TAP: suites.py [all] [SUITE | SUITE/PROGRAM]…

A suite is either a set of meson tests of build-asan (core, elements) or the
test_*.py programs of a folder. Each program prints TAP; one that crashes,
hangs, prints a wrong plan or no case at all adds a failed case. A case may skip
only if tests/skips.txt names it. The last line is the sum.
"""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
LOGS = os.path.join(TOP, 'build', 'test-logs')
MESON_SUITES = ('core', 'elements')
FOLDER_SUITES = ('style', 'support', 'interop', 'netlab', 'attack', 'faults',
                 'mutants', 'fuzz', 'package')
ORDER = ('style', 'core', 'elements', 'support', 'interop', 'netlab', 'attack',
         'faults', 'mutants', 'fuzz', 'package')
CASE = re.compile(r'^(not )?ok\b\s*(\d*)\s*(?:- )?(.*?)\s*(?:#\s*(\w+)\s*(.*))?$')
PLAN = re.compile(r'^1\.\.(\d+)')


class Program:
    def __init__(self, suite, name, command, env, timeout, cwd=TOP):
        self.suite, self.name, self.command = suite, name, command
        self.env, self.timeout, self.cwd = env, timeout, cwd
        self.is_paired = suite in MESON_SUITES and name not in ALONE


def sanitizer_env():
    supp = os.path.join(TOP, 'tests', 'support')
    return {
        'GST_REGISTRY_FORK': 'no', 'G_SLICE': 'always-malloc',
        'ASAN_OPTIONS': 'detect_leaks=1:strict_string_checks=1',
        'LSAN_OPTIONS': f'suppressions={supp}/lsan.supp:print_suppressions=0',
        'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}


def meson_programs(suite, build, wrapper=()):
    out = subprocess.run(['meson', 'introspect', '--tests', build], cwd=TOP,
                         check=True, capture_output=True, text=True).stdout
    for t in json.loads(out):
        if not any(s.split(':')[-1] == suite for s in t['suite']):
            continue
        env = dict(t['env'])
        if 'asan' in build:
            env.update(sanitizer_env())
        yield Program(suite, t['name'].replace('/', '-'),
                      [*wrapper, *t['cmd']], env, t['timeout'],
                      t.get('workdir') or TOP)


def folder_programs(suite, is_long):
    folder = os.path.join(TOP, 'tests', suite)
    for f in sorted(os.listdir(folder) if os.path.isdir(folder) else ()):
        if not re.fullmatch(r'test_\w+\.py', f):
            continue
        head = open(os.path.join(folder, f), encoding='utf-8').read(2000)
        if '\n# long form only' in head and not is_long:
            continue
        m = re.search(r'^# timeout: (\d+)', head, re.M)
        env = {'PYTHONPATH': os.path.join(TOP, 'tests', 'support'),
               'PYTHONDONTWRITEBYTECODE': '1',
               'VIA_TEST_LONG': '1' if is_long else ''}
        p = Program(suite, f[5:-3], [sys.executable, f'tests/{suite}/{f}'],
                    env, int(m.group(1)) if m else 300)
        p.is_paired = suite == 'style' or '\n# in pairs' in head
        yield p


# Two programs run at a time in core, elements and style, and of a folder's those
# that say `# in pairs`; but these measure a pace.
ALONE = ('elements-intake_pace', 'elements-loop', 'elements-netwatch',
         'elements-outlet_states', 'elements-player', 'elements-player_states',
         'elements-webrtcendpoint')
# Where threads of ours meet; what only calls libraries is left out.
TSAN = ('app', 'call', 'exchange', 'icewire', 'loop', 'loop_pool', 'reentry',
        'reentry_server', 'webrtcendpoint', 'exchange_slots')


def long_programs():
    """The core once more under valgrind, which sees reads of uninitialised memory;
    what has threads under ThreadSanitizer."""
    for p in meson_programs('elements', 'build-tsan'):
        if p.name.removeprefix('elements-') in TSAN:
            p.suite, p.timeout = 'tsan', p.timeout * 5
            yield p
    wrapper = ('valgrind', '-q', '--error-exitcode=99', '--leak-check=no')
    for p in meson_programs('core', 'build', wrapper):
        p.suite, p.timeout = 'valgrind', p.timeout * 20
        yield p


def parse(text):
    """(passed, failed, skipped) as lists of names, and what is wrong with it."""
    passed, failed, skipped, wrong, plan = [], [], [], [], None
    for line in text.splitlines():
        if m := PLAN.match(line):
            if plan is not None:
                wrong.append('two plans')
            plan = int(m.group(1))
            if re.search(r'#\s*skip', line, re.I):
                skipped.append('whole program')
        elif line.startswith('Bail out!'):
            wrong.append(line)
        elif m := CASE.match(line):
            name, directive = m.group(3), (m.group(4) or '').upper()
            if directive == 'SKIP':
                skipped.append(name)
            elif m.group(1):
                failed.append(name)
            else:
                passed.append(name)
    n = len(passed) + len(failed) + len(skipped)
    if plan is None:
        wrong.append('no plan')
    elif plan != n:
        wrong.append(f'plan says {plan} cases, {n} seen')
    if n == 0:
        wrong.append('no case')
    return passed, failed, skipped, wrong


def leak_check_crashed(log):
    """LeakSanitizer itself, at exit, while a thread was on its way out."""
    with open(log + '.err', encoding='utf-8', errors='replace') as f:
        return 'LeakSanitizer has encountered a fatal error' in f.read()


def run(program, skips, tries=3):
    log = os.path.join(LOGS, f'{program.suite}-{program.name}.log')
    start, wrong_end = time.monotonic(), None
    with open(log, 'wb') as f, open(log + '.err', 'wb') as err:
        p = subprocess.Popen(program.command, stdin=subprocess.DEVNULL,
                             stdout=f, stderr=err, cwd=program.cwd,
                             env={**os.environ, **program.env},
                             start_new_session=True)
        try:
            p.wait(program.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            wrong_end = f'took longer than {program.timeout} s'
    with open(log, encoding='utf-8', errors='replace') as f:
        passed, failed, skipped, wrong = parse(f.read())
    if tries > 1 and not failed and leak_check_crashed(log):
        print(f'  {program.suite}/{program.name}: again, the leak check crashed')
        return run(program, skips, tries - 1)
    if wrong_end:
        wrong = [wrong_end]
    elif p.returncode != 0 and not failed:
        wrong.append(f'exit code {p.returncode}')
    prefix = f'{program.suite}/{program.name}/'
    allowed = [s for s in skipped if prefix + s in skips]
    failed += [f'{s} (skipped, but not in tests/skips.txt)'
               for s in skipped if prefix + s not in skips]
    failed += wrong
    return program, passed, failed, allowed, time.monotonic() - start, log


def report(result):
    program, passed, failed, skipped, seconds, log = result
    print(f'  {program.suite}/{program.name}: {len(passed)} passed, '
          f'{len(failed)} failed'
          + (f', {len(skipped)} skipped' if skipped else '')
          + f' ({seconds:.1f} s)')
    for name in failed:
        print(f'    FAILED {name}')
    if failed:
        for part in (log, log + '.err'):
            with open(part, encoding='utf-8', errors='replace') as f:
                tail = [line for line in f.read().splitlines()
                        if not line.startswith('ok ')][-40:]
            if not tail:
                continue
            print(f'    --- end of {os.path.relpath(part, TOP)}')
            print('\n'.join('    | ' + line[:300] for line in tail))
    sys.stdout.flush()


def run_suite(suite, programs, skips):
    pairs = [p for p in programs if p.suite == suite and p.is_paired]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run, p, skips) for p in pairs]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()
    for p in programs:
        if p.suite == suite and p not in pairs:
            yield run(p, skips)


def main(args):
    is_long = 'all' in args
    wanted = [a for a in args if a != 'all']
    with open(os.path.join(TOP, 'tests', 'skips.txt'), encoding='utf-8') as f:
        skips = {line.split()[0] for line in f
                 if line.strip() and not line.startswith('#')}
    os.makedirs(LOGS, exist_ok=True)
    programs = []
    for suite in ORDER:
        programs += (meson_programs(suite, 'build-asan')
                     if suite in MESON_SUITES
                     else folder_programs(suite, is_long))
    if is_long:
        programs += long_programs()
    if wanted:
        programs = [p for p in programs
                    if p.suite in wanted or f'{p.suite}/{p.name}' in wanted]
        for p in programs:
            p.env['VIA_TEST_NAMED'] = '1'
    total = [0, 0, 0]
    for suite in dict.fromkeys(p.suite for p in programs):
        start = time.monotonic()
        for result in run_suite(suite, programs, skips):
            report(result)
            for i in range(3):
                total[i] += len(result[i + 1])
        print(f'{suite}: {time.monotonic() - start:.0f} s', flush=True)
    print(f'{total[0]} passed, {total[1]} failed'
          + (f', {total[2]} skipped' if total[2] else ''))
    return 1 if total[1] or not total[0] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
