#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# long form only
# timeout: 600
"""The Debian package builds, can be installed, and holds the elements."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
WORK = tempfile.mkdtemp(prefix='via-package-')
SKIPPED = shutil.ignore_patterns('build*', '.git', 'obj-*', '__pycache__')


def run(*command, cwd=None, **env):
    p = subprocess.run(command, cwd=cwd, env={**os.environ, **env},
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True)
    tap.check(p.returncode == 0, f'{" ".join(command)}:\n{p.stdout[-3000:]}')
    return p.stdout


def elements(plugin_dir):
    text = run('gst-inspect-1.0', 'via', GST_PLUGIN_PATH=plugin_dir,
               GST_PLUGIN_SYSTEM_PATH_1_0=':',
               GST_REGISTRY=os.path.join(WORK, 'registry'))
    os.unlink(os.path.join(WORK, 'registry'))
    return re.findall(r'^  (\w+): ', text, re.M)


def package():
    return glob.glob(f'{WORK}/gstreamer1.0-via_*.deb')[0]


def test_package_builds_without_warnings_of_the_compiler():
    shutil.copytree(TOP, f'{WORK}/gst-via', ignore=SKIPPED)
    out = run('dpkg-buildpackage', '-us', '-uc', '-b', cwd=f'{WORK}/gst-via')
    tap.check(' warning: ' not in re.sub(r'dpkg-\S+: warning:.*', '', out),
              'compiler warnings in the package build')


def test_package_can_be_installed_here():
    out = run('apt-get', 'install', '-s', '-o', 'Debug::NoLocking=1', package())
    tap.check('Inst gstreamer1.0-via' in out, out)


def test_package_names_what_it_needs_and_no_more():
    depends = run('dpkg-deb', '-f', package(), 'Depends')
    for name in ('gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good',
                 'gstreamer1.0-plugins-bad'):
        tap.check(name in depends, f'{name} is not in Depends: {depends}')
    tap.check('libx11' not in depends.lower(), f'X libraries: {depends}')


def test_package_holds_the_plugin_with_all_its_elements():
    run('dpkg-deb', '-x', package(), f'{WORK}/root')
    plugin, = glob.glob(f'{WORK}/root/usr/lib/*/gstreamer-1.0/libgstvia.so')
    packed = elements(os.path.dirname(plugin))
    tap.check(packed == elements(f'{TOP}/build/gst'),
              f'the package has {packed}')


def test_plugin_builds_without_http_and_data_channels():
    """With GStreamer core and plugins-base, libnice, libsrtp2, OpenSSL only."""
    dirs = run('pkg-config', '--variable', 'pc_path', 'pkg-config').strip()
    os.makedirs(f'{WORK}/pc')
    # libnice's own .pc asks for libsoup-3.0: that one is looked for below.
    hidden = re.compile(r'json-glib|usrsctp|gstreamer-(webrtc|codecpars'
                        r'|mpegts|player|play|transcoder|bad|insertbin)')
    for d in dirs.split(':'):
        for f in glob.glob(f'{d}/*.pc'):
            name = os.path.basename(f)
            if not hidden.match(name) and not os.path.exists(f'{WORK}/pc/{name}'):
                os.symlink(f, f'{WORK}/pc/{name}')
    run('meson', 'setup', f'{WORK}/small', TOP, '-Dhttp=disabled',
        '-Ddatachannel=disabled', '-Dtests=disabled',
        PKG_CONFIG_LIBDIR=f'{WORK}/pc')
    run('ninja', '-C', f'{WORK}/small')
    needed = run('objdump', '-p', f'{WORK}/small/gst/libgstvia.so')
    for name in ('libsoup', 'libjson', 'usrsctp'):
        tap.check(f'NEEDED               {name}' not in needed, f'links {name}')
    tap.check('NEEDED               libgst' in needed, 'objdump says nothing')
    small = elements(f'{WORK}/small/gst')
    tap.note(small)
    missing = set(elements(f'{TOP}/build/gst')) - set(small)
    tap.check(missing <= {'webrtcserver'}, f'without HTTP {missing} is gone')


if __name__ == '__main__':
    try:
        tap.main(globals())
    finally:
        shutil.rmtree(WORK)
