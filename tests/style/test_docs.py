#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages name what exists."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap
import tree


def pages():
    return [p for p in tree.files('.md') if p.count('/') <= 2]


def test_rfc_map_names_existing_files_and_tests():
    rows = [line for line in tree.read('docs/rfc-map.md').splitlines()
            if line.startswith('|')][2:]    # without the head
    tap.check(len(rows) >= 20, f'only {len(rows)} rows')
    bad = []
    for row in rows:
        cells = [c.strip() for c in row.strip('|').split('|')]
        if len(cells) != 4 or not cells[2].startswith('gst/') \
                or not cells[3].startswith('tests/'):
            bad.append(row)
            continue
        bad += [f for f in re.split(r',\s*', cells[2] + ', ' + cells[3])
                if not os.path.exists(os.path.join(tree.TOP, f))]
    tap.check(not bad, 'not there: ' + '\n'.join(bad))


def test_rfc_map_says_each_thing_once():
    said = [tuple(c.strip() for c in row.strip('|').split('|')[1:3])
            for row in tree.read('docs/rfc-map.md').splitlines()
            if row.startswith('|')]
    bad = sorted({' of '.join(row) for row in said if said.count(row) > 1})
    tap.check(not bad, 'more than one row: ' + '\n'.join(bad))


def test_links_between_pages_lead_somewhere():
    bad = []
    for page in pages():
        for target in re.findall(r'\]\(([^)#]+)(?:#[^)]*)?\)', tree.read(page)):
            if '://' not in target and not os.path.exists(os.path.join(
                    tree.TOP, os.path.dirname(page), target)):
                bad.append(f'{page}: {target}')
    tap.check(not bad, 'dead links: ' + '\n'.join(bad))


def test_architecture_names_every_folder_of_the_tree():
    text = tree.read('docs/architecture.md')
    bad = [d for d in sorted(os.listdir(os.path.join(tree.TOP, 'gst')))
           if os.path.isdir(os.path.join(tree.TOP, 'gst', d))
           and f'gst/{d}/' not in text]
    tap.check(not bad, f'docs/architecture.md does not know {bad}')


def test_skips_name_existing_programs():
    bad = []
    for line in tree.read('tests/skips.txt').splitlines():
        if line.strip() and not line.startswith('#'):
            name, *reason = line.split()
            if name.count('/') < 2 or not reason:
                bad.append(line)
    tap.check(not bad, f'no SUITE/PROGRAM/CASE and reason: {bad}')


if __name__ == '__main__':
    tap.main(globals())
