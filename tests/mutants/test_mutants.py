#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 3600
"""Breaks our code one line at a time; the named test must notice.

The *.toml files beside this one list the breaks. Each is applied to a scratch copy,
rebuilt and tested: ok means that the test failed, as it must. The short form
takes those marked `short = true`. `test_mutants.py NAME…` takes those named. A test
runs in its short form, or with `long = true`, for cases there are in it alone, in
the long one; a test without a case notices nothing.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tomllib

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path.insert(0, os.path.join(TOP, 'tests', 'support'))
import suites  # noqa: E402

SCRATCH = os.path.join(TOP, 'build', 'mutants')
LEFT_OUT = re.compile(r'^(build.*|\.git|obj-.*|__pycache__)$')


def copy_tree():
    """The tree as it is now; files that did not change keep their time."""
    wanted = set()
    for folder, dirs, names in os.walk(TOP):
        dirs[:] = [d for d in dirs if not LEFT_OUT.match(d)]
        for n in names:
            source = os.path.join(folder, n)
            path = os.path.relpath(source, TOP)
            target = os.path.join(SCRATCH, path)
            wanted.add(path)
            if os.path.exists(target) and read(target) == read(source):
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
    if not os.path.exists(f'{SCRATCH}/build/build.ninja'):
        build('meson', 'setup', '-Dwerror=false', f'{SCRATCH}/build', SCRATCH)
    build('ninja', '-C', f'{SCRATCH}/build', 'build.ninja')


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def build(*command):
    p = subprocess.run(command, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    return None if p.returncode == 0 else p.stdout[-1500:]


def program(test):
    """(what ninja must make, command, environment) of SUITE/PROGRAM."""
    suite, name = test.split('/')[:2]
    if suite in suites.MESON_SUITES:
        for p in suites.meson_programs(suite, f'{SCRATCH}/build'):
            if p.name == name:
                made = os.path.relpath(p.command[0], f'{SCRATCH}/build')
                targets = [made] if suite == 'core' else ['all']
                return targets, p.command, p.env
        raise KeyError(f'no program {test}')
    command = [sys.executable, f'{SCRATCH}/tests/{suite}/test_{name}.py']
    return ['all'], command + test.split('/')[2:], {
        'PYTHONPATH': f'{SCRATCH}/tests/support',
        'PYTHONDONTWRITEBYTECODE': '1'}


def fails(test, is_long):
    """(whether @test fails, what was said) in the scratch copy as it is."""
    targets, command, env = program(test)
    if said := build('ninja', '-C', f'{SCRATCH}/build', *targets):
        raise RuntimeError(f'does not build:\n{said}')
    try:
        p = subprocess.run(command, cwd=SCRATCH, env={
            **os.environ, **env, 'VIA_TEST_LONG': '1' if is_long else ''},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=240)
    except subprocess.TimeoutExpired:
        return True, 'hangs'
    said = p.stdout.decode(errors='replace')
    if re.search(r'^1\.\.0', said, re.M):
        raise RuntimeError(f'no case of {test}')
    failed = re.findall(r'^not ok .*', said, re.M)
    return p.returncode != 0, '; '.join(failed) or f'exit {p.returncode}'


def mutate(m):
    """The whole file with the one line broken."""
    path = f'{SCRATCH}/{m["file"]}'
    text = read(path).decode()
    if text.count(m['find']) != 1:
        raise RuntimeError(f'{m["file"]} has {text.count(m["find"])} times: '
                           f'{m["find"]}')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text.replace(m['find'], m['put']))


def restore(m):
    shutil.copyfile(f'{TOP}/{m["file"]}', f'{SCRATCH}/{m["file"]}')


def main():
    table = []
    for path in sorted(glob.glob(f'{TOP}/tests/mutants/*.toml')):
        with open(path, 'rb') as f:
            table += tomllib.load(f)['mutant']
    if sys.argv[1:]:
        table = [m for m in table if m['name'] in sys.argv[1:]]
    elif not os.environ.get('VIA_TEST_LONG'):
        table = [m for m in table if m.get('short')]
    copy_tree()
    tests = list(dict.fromkeys((m['test'], m.get('long')) for m in table))
    print(f'1..{len(tests) + len(table)}', flush=True)
    n = bad = 0

    def case(name, good, said):
        nonlocal n, bad
        n, bad = n + 1, bad + (not good)
        print(f'{"" if good else "not "}ok {n} {name}', flush=True)
        for line in str(said).splitlines():
            print(f'# {line}', flush=True)
    for test, is_long in tests:
        try:
            failed, said = fails(test, is_long)
        except (RuntimeError, KeyError) as e:
            failed, said = True, e
        case(f'{test} passes on the whole tree', not failed, said)
    for m in table:
        try:
            mutate(m)
            failed, said = fails(m['test'], m.get('long'))
            case(f'{m["name"]} is noticed by {m["test"]}', failed, said)
        except (RuntimeError, KeyError) as e:
            case(f'{m["name"]} is noticed by {m["test"]}', False, e)
        finally:
            restore(m)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
