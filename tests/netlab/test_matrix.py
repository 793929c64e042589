#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# long form only
# timeout: 900
"""It connects from anywhere: every row of rows.py, then the table of them.

    tests/netlab/test_matrix.py             the whole matrix
    tests/netlab/test_matrix.py test_direct one row of it
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'interop'))
import lab
lab.enter()

import rows  # noqa: E402
import tap  # noqa: E402

results = []


def case(row):
    def test():
        results.append(lab.when_calm(row))
    return test


globals().update({f'test_{row.__name__}': case(row) for row in rows.ROWS})

if __name__ == '__main__':
    try:
        tap.main(dict(globals()))
    finally:
        tap.note('\n'.join([rows.HEAD, *map(str, results)]))
