# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree as the style tests see it: files, includes, functions."""
import os
import re

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
LAYERS = {'base': 0, 'sdp': 1, 'rtp': 1, 'srtp': 1, 'dtls': 1, 'ice': 1,
          'data': 1, 'peer': 2, 'route': 2, 'io': 3, 'media': 3, 'http': 3,
          'endpoints': 4, 'hubs': 4}
CORE = [d for d, n in LAYERS.items() if n <= 2]
SKIPPED = re.compile(r'^(build.*|\.git|obj-.*|node_modules|__pycache__|'
                     r'subprojects|\.debhelper|gstreamer1\.0-via|tmp)$')
FUNCTION = re.compile(
    r'^(?P<ret>[A-Za-z_][^\n;{}#]*)\n(?P<name>[a-zA-Z_]\w*) \('
    r'(?P<args>[^;{}]*?)\)\n\{\n(?P<body>.*?)^\}', re.M | re.S)


def files(*suffixes, under=''):
    """Paths relative to the top, sorted."""
    for folder, dirs, names in os.walk(os.path.join(TOP, under)):
        dirs[:] = sorted(d for d in dirs if not SKIPPED.match(d))
        for n in sorted(names):
            if n != '.git' and (not suffixes or n.endswith(suffixes)):
                yield os.path.relpath(os.path.join(folder, n), TOP)


def read(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as f:
        return f.read()


def code(path):
    """The file without comments and without the inside of strings."""
    def blank(m):
        s = m.group(0)
        if s[0] == '"':
            return '""'
        return re.sub(r'[^\n]', ' ', s)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank,
                  re.sub(r"'\"'", "' '", read(path)), flags=re.S)


def includes(path):
    return re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', read(path), re.M)


def layer(path):
    """(folder, layer) of a file below gst/, or (None, None)."""
    parts = path.split('/')
    if len(parts) == 3 and parts[0] == 'gst' and parts[1] in LAYERS:
        return parts[1], LAYERS[parts[1]]
    return None, None


def functions(path):
    """(return text, name, number of lines, line number) of each definition."""
    text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group(0)),
                  read(path), flags=re.S)
    for m in FUNCTION.finditer(text):
        yield (m['ret'], m['name'], m['body'].count('\n') + 3,
               text.count('\n', 0, m.start()) + 1)
