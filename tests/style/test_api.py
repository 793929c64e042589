#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/api.md lists what an application can touch, and the blurbs say what it is."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap
import tree

BUILD = os.path.join(tree.TOP, 'build')
os.environ['GST_PLUGIN_PATH'] = os.path.join(BUILD, 'gst')
os.environ['GST_REGISTRY'] = os.path.join(BUILD, 'registry.bin')

import gi  # noqa: E402
gi.require_version('Gst', '1.0')
from gi.repository import GObject, Gst  # noqa: E402

Gst.init(None)


def factories():
    registry = Gst.Registry.get()
    found = registry.get_feature_list_by_plugin('via')
    return sorted((f for f in found if isinstance(f, Gst.ElementFactory)),
                  key=lambda f: f.get_name())


def elements():
    for f in factories():
        yield f.get_name(), f.create(None)


def own_properties(element):
    foreign = set()
    for base in (GObject.Object, Gst.Object, Gst.Element, Gst.Bin):
        foreign |= {p.name for p in GObject.list_properties(base)}
    return [p for p in element.list_properties() if p.name not in foreign]


def own_signals(element):
    names, t = [], element.__gtype__
    while t.name not in ('GstBin', 'GstElement', 'GObject'):
        names += [GObject.signal_query(i).signal_name
                  for i in GObject.signal_list_ids(t)]
        t = t.parent
    return names


def names(word):
    """Whether docs/api.md has @word in backticks, perhaps with arguments."""
    return re.search(rf'`{re.escape(word)}[` (=]', tree.read('docs/api.md'))


def test_elements_are_listed():
    tap.check(factories(), 'the plugin has no element')
    rows = section('Elements')
    bad = [f.get_name() for f in factories()
           if not any(f'`{f.get_name()}`' in r
                      and f'| {f.get_metadata("klass")} |' in r for r in rows)]
    tap.check(not bad, f'not in docs/api.md with their class: {bad}')


def section(heading):
    """The rows below each heading of the second level with @heading in it."""
    parts = re.split(r'^## ', tree.read('docs/api.md'), flags=re.M)[1:]
    return [row for part in parts if heading in part.splitlines()[0]
            for row in part.splitlines() if row.startswith('|')]


def test_properties_are_listed():
    """In a row below the element's own heading, or in the common table."""
    bad = []
    for name, e in elements():
        rows = section(f'`{name}`') + [
            r for r in section('Properties')
            if f'`{name}`' in r or '| all |' in r]
        bad += [f'{name}: {p.name}' for p in own_properties(e)
                if not any(f'`{p.name}`' in r for r in rows)]
    tap.check(not bad, 'no row in docs/api.md:\n' + '\n'.join(bad))


def test_signals_and_actions_are_listed():
    bad = [f'{name}: {s}' for name, e in elements()
           for s in own_signals(e) if not names(s)]
    tap.check(not bad, 'not in docs/api.md:\n' + '\n'.join(bad))


def test_messages_and_structures_are_listed():
    found = set()
    for path in tree.files('.c', under='gst'):
        found |= set(re.findall(
            r'gst_structure_new(?:_empty)? \(\s*"([\w-]+)"', tree.read(path)))
    bad = sorted(n for n in found if not names(n))
    tap.check(not bad, f'structures not in docs/api.md: {bad}')


def test_blurbs_say_what_and_when():
    bad = []
    for name, e in elements():
        for p in own_properties(e):
            blurb = p.blurb or ''
            if len(blurb) < 25 or blurb == p.nick:
                bad.append(f'{name}::{p.name}: "{blurb}"')
            if blurb != ' '.join(blurb.split()):
                bad.append(f'{name}::{p.name}: stray blanks')
    tap.check(not bad, 'blurbs:\n' + '\n'.join(bad))


def test_elements_describe_themselves_and_only_sources_of_uris_have_a_rank():
    bad = []
    for f in factories():
        for key in ('long-name', 'klass', 'description', 'author'):
            if len(f.get_metadata(key) or '') < 3:
                bad.append(f'{f.get_name()}: {key}')
        wanted = (Gst.Rank.MARGINAL if f.get_uri_protocols()
                  else Gst.Rank.NONE)
        if f.get_rank() != wanted:
            bad.append(f'{f.get_name()}: rank {f.get_rank()}')
        if len(f.get_metadata('description')) < 20:
            bad.append(f'{f.get_name()}: description is short')
    tap.check(not bad, '\n'.join(bad))


if __name__ == '__main__':
    tap.main(globals())
