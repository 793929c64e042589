# SPDX-License-Identifier: LGPL-2.1-or-later
"""TAP for the Python tests: each function named test_* of a module is a case.

    if __name__ == '__main__':
        tap.main(globals())

A case passes when it returns, skips when it raises tap.Skip, else fails. Its
notes (tap.note) and the traceback go out as comment lines.
"""
import sys
import traceback


class Skip(Exception):
    pass


class Failed(Exception):
    pass


def note(text):
    for line in str(text).splitlines():
        print('# ' + line, flush=True)


def check(condition, message):
    if not condition:
        raise Failed(message)


def main(names, only=None):
    cases = [(n, f) for n, f in names.items()
             if n.startswith('test_') and callable(f)]
    only = only or sys.argv[1:]
    if only:
        cases = [c for c in cases if c[0] in only]
    print(f'1..{len(cases)}', flush=True)
    failed = 0
    for i, (name, function) in enumerate(cases, 1):
        try:
            function()
            print(f'ok {i} {name}', flush=True)
        except Skip as e:
            print(f'ok {i} {name} # SKIP {e}', flush=True)
        except Failed as e:
            failed += 1
            print(f'not ok {i} {name}', flush=True)
            note(e)
        except Exception:
            failed += 1
            print(f'not ok {i} {name}', flush=True)
            note(traceback.format_exc())
    sys.exit(1 if failed else 0)
