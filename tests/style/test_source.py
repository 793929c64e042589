#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sources must look like: layers, names, lengths, format."""
import concurrent.futures
import os
import re
import subprocess
import sys
import tomllib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap
import tree

ACTORS = (r'\b(GstElement|GstPad|GstBus|GstClock|GstBin|GstPipeline)\b',
          r'\bgst_(element|pad|bus|clock|bin|pipeline)_\w+',
          r'\bg_get_(monotonic|real|current)_time\b', r'\bclock_gettime\b',
          r'\bgettimeofday\b', r'(?<![\w>.])time \(', r'\bg_random_\w+',
          r'\bg_rand_\w+', r'\bg_thread_\w+', r'\bGThread\b', r'\bGMutex\b',
          r'\bG(Rec|RW|Cond|Static)\w*(Mutex|Lock)\b', r'\bGCond\b',
          r'\bg_mutex_\w+', r'\bpthread_\w+', r'\b(g_)?usleep\b',
          r'\b(nano)?sleep \(', r'\bGMain(Context|Loop)\b', r'\bGSource\b',
          r'\bg_(timeout|idle)_add\w*', r'(?<![\w>.])socket \(', r'\bGSocket\w*',
          r'(?<![\w>.])(sendto|recvfrom|sendmsg|recvmsg|epoll_\w+) \(')
CORE_SYSTEM_HEADERS = re.compile(
    r'^(sys/socket|netinet/|arpa/|pthread|threads|gio/|nice/|agent\.h|libsoup/|'
    r'sys/epoll|poll|time|sys/time|unistd)')
TRANSPORT = re.compile(
    r'\b(webrtcbin|rtpbin|rtpsession|rtpjitterbuffer|rtpssrcdemux|rtpptdemux|'
    r'dtlsenc|dtlsdec|dtlssrtpenc|dtlssrtpdec|dtlssrtpdemux|srtpenc|srtpdec|'
    r'nicesrc|nicesink|sctpenc|sctpdec|rtprtxsend|rtprtxreceive|udpsrc|udpsink)\b')
WORKPLACE = ['/wo' 'rk/', '/tmp/' 'wt', '.libr' 'ary', 'sub' 'agent',
             'before-' 'stop', '/fa' 'rm/', 'far' 'm-studio', '/tmp/' 'studio',
             'Co-Authored' '-By']
MAX_FILE, MAX_FUNCTION = 700, 80
MAX_TEST = 120                          # a test may hold a table


def none(findings, rule):
    tap.check(not findings, rule + ':\n  ' + '\n  '.join(findings))


def test_includes_go_down_and_never_sideways_in_l1():
    bad = []
    for path in tree.files('.c', '.h', under='gst'):
        folder, n = tree.layer(path)
        if folder is None:
            continue
        for inc in tree.includes(path):
            other = inc.split('/')[0]
            m = tree.LAYERS.get(other) if '/' in inc else None
            if m is None or other == folder:
                continue
            if m > n or (m == n == 1):
                bad.append(f'{path} includes {inc}')
            if not os.path.exists(os.path.join(tree.TOP, 'gst', inc)):
                bad.append(f'{path} includes {inc}, which does not exist')
    none(bad, 'includes that go up or sideways')


def test_own_header_comes_first():
    bad = []
    for path in tree.files('.c', under='gst'):
        own = path[len('gst/'):-2] + '.h'
        if os.path.exists(os.path.join(tree.TOP, 'gst', own)):
            inc = tree.includes(path)
            head = re.split(r'[-_]', own[:-2])[0]
            if not inc or not re.match(head + r'([-_]\w+)?\.h$', inc[0]):
                bad.append(path)
    none(bad, 'the first include is not the own header')


def test_core_names_no_actor_clock_thread_or_socket():
    bad = []
    for folder in tree.CORE:
        for path in tree.files('.c', '.h', under=f'gst/{folder}'):
            text = tree.code(path)
            for pattern in ACTORS:
                for m in re.finditer(pattern, text):
                    line = text.count('\n', 0, m.start()) + 1
                    bad.append(f'{path}:{line}: {m.group(0)}')
            bad += [f'{path} includes {i}' for i in tree.includes(path)
                    if CORE_SYSTEM_HEADERS.match(i)]
    none(bad, 'names the core must not know')


def test_core_tests_do_not_sleep():
    bad = []
    for path in tree.files('.c', under='tests/core'):
        if m := re.search(r'\b(g_usleep|usleep|nanosleep|sleep) \(',
                          tree.code(path)):
            bad.append(f'{path}: {m.group(0)}')
    none(bad, 'sleeps in core tests')


def test_nice_is_known_to_icewire_alone():
    bad = [p for p in tree.files('.c', '.h', under='gst')
           if any(i.startswith(('nice/', 'agent.h')) for i in tree.includes(p))
           and not p.startswith('gst/io/icewire')]
    none(bad, 'libnice outside io/icewire')


def test_no_stock_transport_element_is_named():
    bad = []
    for path in tree.files('.c', '.h', under='gst'):
        for n, line in enumerate(tree.read(path).splitlines(), 1):
            if m := TRANSPORT.search(line):
                bad.append(f'{path}:{n}: {m.group(0)}')
    none(bad, 'stock transport elements')


def nouns():
    table = {}
    for line in tree.read('tests/style/prefixes.txt').splitlines():
        if line and not line.startswith('#'):
            name, *words = line.split()
            table[name] = words
    return table


def allowed_prefixes(path, table):
    folder, stem = path[len('gst/'):-2].split('/')
    words = {stem, folder, folder.rstrip('s')}
    parts = re.split('[-_]', stem)
    for i in range(1, len(parts) + 1):
        head = '_'.join(parts[:i])
        words.add(head)
        words.update(table.get(f'{folder}/{head}', ()))
    return {'via' + w.replace('_', '') for w in words}


def test_function_names_begin_with_their_file():
    bad, table = [], nouns()
    for path in tree.files('.c', under='gst'):
        if tree.layer(path)[0] is None:
            continue
        allowed = allowed_prefixes(path, table)
        for ret, name, _, line in tree.functions(path):
            if ret.split()[0] == 'static' or 'static ' in ret:
                continue
            squeezed = name.replace('_', '')
            if not any(squeezed.startswith(p) for p in allowed):
                bad.append(f'{path}:{line}: {name}')
    none(bad, 'exported functions whose name does not say their file')


def source_of(test):
    """The file of a mutant's SUITE/PROGRAM[/CASE]."""
    suite, program = test.split('/')[:2]
    if suite in ('core', 'elements'):       # FOLDER-NAME
        folder, _, name = program.partition('-')
        return (f'tests/elements/test_{name}.c' if suite == 'elements'
                else f'tests/core/{folder}/test_{name}.c')
    return f'tests/{suite}/test_{program}.py'


def test_each_mutant_applies():
    bad = []
    folder = os.path.join(tree.TOP, 'tests', 'mutants')
    for name in sorted(f for f in os.listdir(folder) if f.endswith('.toml')):
        with open(os.path.join(folder, name), 'rb') as f:
            mutants = tomllib.load(f)['mutant']
        for m in mutants:
            with open(os.path.join(tree.TOP, m['file']), encoding='utf-8') as f:
                if f.read().count(m['find']) != 1:
                    bad.append(f'{name}: {m["name"]}: its text is not once in {m["file"]}')
            if not os.path.exists(os.path.join(tree.TOP, source_of(m['test']))):
                bad.append(f'{name}: {m["name"]}: there is no {m["test"]}')
    none(bad, 'mutants that do not apply')


def test_prefix_table_names_existing_files():
    bad = [f for f in nouns()
           if not os.path.exists(os.path.join(tree.TOP, 'gst', f + '.h'))]
    none(bad, 'tests/style/prefixes.txt names what is not there')


def test_files_and_functions_stay_short():
    bad = []
    for path in tree.files('.c', '.h'):
        lines = tree.read(path).count('\n')
        if lines > MAX_FILE:
            bad.append(f'{path}: {lines} lines')
        for _, name, length, line in tree.functions(path):
            if length > (MAX_TEST if path.startswith('tests/')
                         else MAX_FUNCTION):
                bad.append(f'{path}:{line}: {name} has {length} lines')
    none(bad, f'files over {MAX_FILE} or functions over {MAX_FUNCTION} lines')


def test_every_source_carries_the_licence_line():
    bad = []
    for path in list(tree.files('.c', '.h', '.py', '.sh', '.js', '.mjs')):
        if 'SPDX-License-Identifier: LGPL-2.1-or-later' not in \
                '\n'.join(tree.read(path).splitlines()[:4]):
            bad.append(path)
    none(bad, 'no SPDX line')


def test_headers_are_guarded_once():
    bad = [p for p in tree.files('.h', under='gst')
           if '#pragma once' not in tree.read(p)]
    none(bad, 'headers without #pragma once')


def test_sources_are_formatted():
    tool = next((t for t in ('clang-format-14', 'clang-format')
                 if subprocess.run(['which', t], capture_output=True)
                 .returncode == 0), None)
    tap.check(tool, 'clang-format-14 is not installed')
    paths = list(tree.files('.c', '.h'))
    out = subprocess.run([tool, '--dry-run', *paths], cwd=tree.TOP,
                         capture_output=True, text=True)
    bad = sorted({line.split(':')[0] for line in out.stderr.splitlines()
                  if 'clang-format-violations' in line})
    none(bad, 'not as clang-format 14 writes it')
    tap.check(out.returncode == 0, out.stderr)


def test_headers_compile_alone():
    flags = subprocess.run(
        ['pkg-config', '--cflags', 'gstreamer-1.0', 'gstreamer-base-1.0',
         'gstreamer-sdp-1.0', 'gstreamer-video-1.0', 'nice', 'libsrtp2',
         'openssl', 'libsoup-3.0', 'json-glib-1.0'],
        check=True, capture_output=True, text=True).stdout.split()

    def compile_one(path):
        p = subprocess.run(
            ['gcc', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-Wundef',
             '-Wno-unused-parameter', '-D_GNU_SOURCE', '-fsyntax-only',
             '-include', path, '-xc', '/dev/null', '-Igst', *flags],
            cwd=tree.TOP, capture_output=True, text=True)
        return None if p.returncode == 0 else f'{path}\n{p.stderr}'
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        bad = [r for r in pool.map(compile_one, tree.files('.h', under='gst'))
               if r]
    none(bad, 'headers that need another header first')


def test_every_source_is_listed_in_its_meson_build():
    bad = []
    for path in tree.files('.c', under='gst'):
        build = tree.read(os.path.join(os.path.dirname(path), 'meson.build'))
        if f"'{os.path.basename(path)}'" not in build:
            bad.append(path)
    for path in tree.files('.c', under='tests/core'):
        stem = os.path.basename(path)[:-2]
        build = tree.read(os.path.join(os.path.dirname(path), 'meson.build'))
        if stem.startswith('test_') and f"'{stem[5:]}'" not in build:
            bad.append(path)
    none(bad, 'sources no meson.build lists')


def test_nothing_names_the_place_it_was_written_in():
    bad = []
    for path in tree.files():
        try:
            text = tree.read(path)
        except UnicodeDecodeError:
            continue
        bad += [f'{path}: {w}' for w in WORKPLACE if w in text]
    none(bad, 'words that mean nothing to a reader')


def test_nothing_is_left_to_be_done_later():
    bad = []
    for path in tree.files('.c', '.h', '.py', '.sh', '.js'):
        if path.startswith('tests/style/'):
            continue
        for n, line in enumerate(tree.read(path).splitlines(), 1):
            if re.search(r'\b(TODO|FIXME|XXX|HACK)\b', line):
                bad.append(f'{path}:{n}')
    none(bad, 'left-over marks')


if __name__ == '__main__':
    tap.main(globals())
