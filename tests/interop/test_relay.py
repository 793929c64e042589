#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""Both ends only through a TURN relay; and the password is nowhere to be read."""
import base64
import glob
import hmac
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

URL = 'http://127.0.0.1:8889/live/'
TURN = (f'{lab.Relay.USER}:{lab.Relay.ESCAPED}@{lab.ADDRESS}:'
        f'{lab.Relay.PORT}')
# As an application does it: gst-launch-1.0's own parser logs its whole line.
PROGRAM = """
import signal, sys, gi
gi.require_version('Gst', '1.0')
from gi.repository import Gst
Gst.init(None)
path, turn, secret, app_data = sys.argv[1:]
pipeline = Gst.parse_launch(
    f'hub name=room playerendpoint uri={path} hub=room '
    'webrtcserver name=s hub=room port=8889 ice-transport-policy=relay')
server = pipeline.get_by_name('s')
server.set_property('turn-url', turn)
server.set_property('turn-secret', secret or None)
server.set_property('app-data', app_data)
assert '***' in server.get_property('turn-secret' if secret else 'turn-url')
pipeline.connect('deep-notify', lambda p, o, spec: print(
    o.get_path_string(), spec.name, o.get_property(spec.name)))
bus, over = pipeline.get_bus(), []
signal.signal(signal.SIGINT, lambda *_: over.append(1))
pipeline.set_state(Gst.State.PLAYING)
while not over:
    m = bus.timed_pop(100 * Gst.MSECOND)
    if m:
        s = m.get_structure()
        print(m.type, s.to_string() if s else '')
    if m and m.type == Gst.MessageType.STATE_CHANGED and m.src == pipeline:
        Gst.debug_bin_to_dot_file(pipeline, Gst.DebugGraphDetails.VERBOSE,
                                  'state')
Gst.debug_bin_to_dot_file(pipeline, Gst.DebugGraphDetails.VERBOSE, 'end')
for e in pipeline.iterate_recurse():
    if e.find_property('stats'):
        print(e.get_property('stats').to_string())
pipeline.set_state(Gst.State.NULL)
"""


def forms(*more):
    """The password, and @more, in every dress it could appear in."""
    secrets = {lab.Relay.PASSWORD, lab.Relay.ESCAPED, *more}
    for text in list(secrets):
        for prefix in ('', f'{lab.Relay.USER}:'):
            for shift in range(3):      # base64 at each alignment
                padded = b'\0' * shift + (prefix + text).encode()
                b64 = base64.b64encode(padded).decode().rstrip('=')
                secrets.add(b64[(shift * 8 + 5) // 6:-1])
            secrets.add((prefix + text).encode().hex())
    return [s.encode() for s in secrets]


def made_from_the_secret(user):
    """The password that goes with it, as coturn makes it."""
    return base64.b64encode(hmac.digest(
        lab.Relay.PASSWORD.encode(), user.encode(), 'sha1')).decode()


def found_in(folder, *more):
    """Files below @folder that have the password, or @more, in them."""
    hits, wanted = [], forms(*more)
    for path in glob.glob(folder + '/**', recursive=True):
        if os.path.isfile(path):
            with open(path, 'rb') as f:
                # GStreamer writes \@ for @ in what it serialises
                data = f.read().lower().replace(b'\\', b'')
            if any(w.lower() in data for w in wanted):
                hits.append(os.path.basename(path))
    return hits


def play_through_relay(folder, seconds, app_data='viewer', is_secret=False,
                       pictures=1):
    """Plays with everything logged into @folder, until there are so many @pictures;
    the page's figures, stats, how
    many relays there were, for whom."""
    env = {**os.environ,
           'GST_DEBUG': '*:9', 'GST_DEBUG_NO_COLOR': '1', 'NICE_DEBUG': 'all',
           'GST_DEBUG_FILE': f'{folder}/debug.log', 'G_MESSAGES_DEBUG': 'all',
           'GST_DEBUG_DUMP_DOT_DIR': folder}
    path = lab.uri(counter.cached_file(lab.DATA, 30))
    turn, secret = TURN, ''
    if is_secret:
        turn = f'turn:{lab.ADDRESS}:{lab.Relay.PORT}'
        secret = lab.Relay.PASSWORD
    with lab.Relay(is_secret) as relay, chromium.Browser() as b, \
            open(f'{folder}/output.log', 'wb') as output:
        server = subprocess.Popen(
            [sys.executable, '-c', PROGRAM, path, turn, secret, app_data], env=env,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            end = time.monotonic() + 30
            while lab.get(URL)[0] != 200:
                tap.check(time.monotonic() < end, 'the server does not answer')
                time.sleep(0.1)
            # with a secret the page is given its own password by Link headers
            page = b.open(URL, None if is_secret else relay.rtc_config())
            page.watch(30)
            time.sleep(2)
            page.take()
            page.samples.clear()
            time.sleep(seconds)
            end = time.monotonic() + 30
            while (judge.plays(page.counters(), pictures) or '').startswith(
                    'fewer') and time.monotonic() < end:
                time.sleep(0.1)
            result = (page.counters(), page.stats(), relay.allocations(),
                      relay.users())
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    return result


def in_folder(function):
    folder = tempfile.mkdtemp(prefix='via-relay-logs-')
    try:
        return function(folder)
    finally:
        shutil.rmtree(folder)


def test_plays_with_relays_on_both_sides():
    def play(folder):
        figures, stats, allocations, _ = play_through_relay(
            folder, 5, pictures=62)
        tap.note(f'{figures}, {allocations} allocations')
        tap.check(figures['first'] is not None
                  and figures['last'] - figures['first'] > 60,
                  f'it does not play: {figures}')
        pair = stats['pair']
        tap.check(pair['local']['candidateType'] == 'relay'
                  and pair['remote']['candidateType'] == 'relay',
                  f'the pair is {pair["local"]} {pair["remote"]}')
        tap.check(allocations >= 2, f'only {allocations} allocations')
        sizes = {os.path.basename(p): os.path.getsize(p)
                 for p in glob.glob(folder + '/*')}
        tap.note(sizes)
        tap.check(sizes.get('debug.log', 0) > 1000000, 'the log is empty')
        tap.check(any(n.endswith('.dot') for n in sizes), 'no DOT file')
        hits = found_in(folder)
        tap.check(not hits, f'the password is in {hits}')
    in_folder(play)


def test_a_secret_and_what_is_made_from_it_are_told_nowhere():
    def play(folder):
        figures, _, _, users = play_through_relay(folder, 1, is_secret=True)
        tap.check(figures['first'] is not None, f'it does not play: {figures}')
        made = [made_from_the_secret(u) for u in users]
        tap.note(f'users {users}')
        tap.check(made and all(u.split(':')[0].isdigit() for u in users),
                  f'users {users}')
        hits = found_in(folder, *made)
        tap.check(not hits, f'a secret is in {hits}')
        with open(f'{folder}/made', 'w', encoding='ascii') as f:
            f.write(f'credential="{made[0]}"')
        tap.check(found_in(folder, *made) == ['made'], 'it is not looked for')
    in_folder(play)


def test_gst_launch_v_shows_no_password():
    """What it prints of a call, of a refused value and of a wrong password."""
    bad = f'{lab.Relay.USER}:{lab.Relay.PASSWORD}x@{lab.ADDRESS}'
    with lab.Relay(), tempfile.TemporaryDirectory() as folder:
        for n, turn in enumerate((TURN, f'{bad}:99999', bad)):
            with lab.Launch(
                    'audiotestsrc is-live=true ! webrtcendpoint name=a peer=b '
                    'webrtcendpoint name=b', f'turn-url={turn}',
                    f'turn-secret={lab.Relay.PASSWORD}',
                    options=('-v', '-m')) as launch:
                launch.until_says(r'state=\(string\)connected')
                launch.interrupt()
                said = launch.output()
            tap.check(re.search(r'^/GstPipeline:\S+: [\w-]+ = ', said, re.M),
                      'it does not tell much')
            with open(f'{folder}/{n}', 'w', encoding='utf-8') as f:
                f.write(said)
        hits = found_in(folder)
        tap.check(not hits, f'the password is in {hits}')
        with open(f'{folder}/planted', 'w', encoding='utf-8') as f:
            f.write(said + bad)
        tap.check(found_in(folder) == ['planted'], 'it is not looked for')


def test_the_search_finds_a_password_that_is_there():
    def plant(folder):
        for n, text in enumerate(
                [lab.Relay.PASSWORD, lab.Relay.ESCAPED,
                 base64.b64encode(lab.Relay.PASSWORD.encode()).decode(),
                 base64.b64encode(b'kurento:canary-7Qx@z').decode(),
                 base64.b64encode(b'xy canary-7Qx%40z yx').decode(),
                 'canary-7Qx\\@z']):
            with open(f'{folder}/{n}', 'w', encoding='utf-8') as f:
                f.write(f'some words\nturn-url={text} and more\n')
        tap.check(sorted(found_in(folder)) == list('012345'),
                  f'found only in {found_in(folder)}')
    in_folder(plant)


def test_the_search_finds_it_in_a_run_that_tells():
    """The same run with the password as app-data, which is shown on purpose."""
    def play(folder):
        play_through_relay(folder, 1, lab.Relay.PASSWORD)
        hits = found_in(folder)
        tap.note(hits)
        tap.check('debug.log' in hits, 'not found in the log')
        tap.check(any(h.endswith('.dot') for h in hits), 'not found in a DOT file')
        tap.check('output.log' in hits, 'not found in the messages')
    in_folder(play)


if __name__ == '__main__':
    tap.main(globals())
