#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 200
"""The page of statistics beside /live/peers and what Chromium itself counted:
values move, agree, go with the peer that is chosen; who may not see them."""
import json
import os
import time
import urllib.request

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
SOURCE = ('videotestsrc is-live=true pattern=snow ! '
          'video/x-raw,width=320,height=180,framerate=20/1 ! vp8enc deadline=1 '
          'target-bitrate=600000 keyframe-max-dist=40 ! s. '
          'audiotestsrc is-live=true ! s. ')
LINE = f'webrtcserver name=s port={PORT} {SOURCE}'
with open(os.path.join(lab.TOP, 'tests', 'support', 'seen.js'),
          encoding='utf-8') as f:
    SEEN = f.read()
# What the page shows: {stream: {graph: value}}, only what is known.
SHOWN = '''Object.fromEntries([...document.querySelectorAll('section[data-stream]')]
  .map((s) => [s.dataset.stream, Object.fromEntries([...s.querySelectorAll(
    'figure')].filter((f) => f.querySelector('output').dataset.value).map((f) =>
    [f.dataset.graph, Number(f.querySelector('output').dataset.value)]))]))'''
LINES = '''[...document.querySelectorAll('canvas')].map((c) => {
  const px = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  const [r, g, b] = getComputedStyle(document.documentElement).getPropertyValue(
    '--accent').match(/[0-9a-f]{2}/gi).map((x) => parseInt(x, 16));
  let n = 0;
  for (let i = 0; i < px.length; i += 4)
    n += px[i] === r && px[i + 1] === g && px[i + 2] === b;
  return n; })'''


DRAWN = 'document.querySelector("tr[data-figure$=timestamp]") !== null'
AT = 'document.querySelector("tr[data-figure$=timestamp]").innerText'


def peers():
    with urllib.request.urlopen(BASE + 'peers', timeout=5) as r:
        return json.loads(r.read())['peers']


def stats_of(peer):
    return {s['id']: s for s in peer['stats']}


def until_shown(page, stream, graphs, seconds=30):
    end = time.monotonic() + seconds
    while not graphs <= set((seen := page.eval(SHOWN)).get(stream, {})):
        tap.check(time.monotonic() < end, f'{stream} shows {seen}')
        time.sleep(0.1)


def look(page, seconds):
    """(what the page showed meanwhile, /live/peers before and after)"""
    before, shown = peers(), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        shown.append(page.eval(SHOWN))
        time.sleep(0.25)
    return shown, before, peers()


def mean(shown, stream, graph):
    values = [s[stream][graph] for s in shown]
    tap.check(len(set(values)) > 1, f'{graph} of {stream} does not move')
    return sum(values) / len(values)


def near(name, value, wanted, part=0.25):
    tap.note(f'{name}: the page {value:.4g}, /live/peers {wanted:.4g}')
    tap.check(abs(value - wanted) <= part * wanted, f'{name}: {value}, {wanted}')


def agree():
    with lab.Launch(LINE) as line, chromium.Browser() as b:
        line.until(BASE)
        viewer = b.open(BASE + 'watch')
        viewer.watch(numbers=False)
        page = b.open(BASE + 'stats', script=SEEN)
        peer, = peers()
        video, = [s['id'] for s in peer['stats']
                  if s['type'] == 'outbound-rtp' and s['kind'] == 'video']
        until_shown(page, video, {'bitrate', 'loss', 'rtt', 'jitter', 'frames'})
        page.eval('document.querySelector("summary").click()')
        for _ in range(4):  # what is drawn is of the time that is compared
            page.until(DRAWN)
            drawn = page.eval(AT)
            page.until(f'{AT} !== {json.dumps(drawn)}')
        shown, before, after = look(page, 6 if lab.IS_LONG else 4)
        old, new = stats_of(before[0])[video], stats_of(after[0])[video]
        seconds = (new['timestamp'] - old['timestamp']) / 1000
        near('bit/s', mean(shown, video, 'bitrate'),
             (new['bytesSent'] - old['bytesSent']) * 8 / seconds)
        frames = (new['framesSent'] - old['framesSent']) / seconds
        near('frames/s', mean(shown, video, 'frames'), frames)
        tap.check(15 <= frames <= 25, f'{frames} frames a second')
        check_figures(page, viewer, video)
        look_well(page)


def check_figures(page, viewer, video):
    """The list's counters lie between two of /live/peers."""
    def count():
        return stats_of(peers()[0])[video]['packetsSent']
    low, then = count(), page.eval(AT)
    page.until(f'{AT} !== {json.dumps(then)}')
    at = int(page.eval('document.querySelector(\'tr[data-figure="%s.packetsSent"]'
                       '\').lastChild.textContent' % video))
    high = count()
    came = viewer.stats()['inbound']['video']['packetsReceived']
    tap.note(f'packets: {low} <= {at} <= {high}, Chromium has {came}')
    tap.check(low <= at <= high <= came + 100, 'other figures')
    remote, = [s for s in peers()[0]['stats']
               if s['type'] == 'remote-inbound-rtp' and s['localId'] == video]
    seen = page.eval(SHOWN)[video]
    for graph, member, most in ('loss', 'fractionLost', 1), \
            ('rtt', 'roundTripTime', 2), ('jitter', 'jitter', 0.5):
        tap.check(0 <= seen[graph] <= most and 0 <= remote[member] <= most,
                  f'{graph}: {seen[graph]}, {remote[member]}')


def look_well(page):
    for width, height, dark in ((390, 844, True), (1280, 800, False)):
        page.resize(width, height, mobile=width == 390, dark=dark)
        drawn = page.eval(AT)
        page.until(f'{AT} !== {json.dumps(drawn)}')     # in this size
        page.screenshot(os.path.join(lab.SCREENSHOTS, f'stats-{width}.png'))
        found = page.eval('viaSeen()')
        tap.check(not found, f'at {width}: ' + '; '.join(found))
        lines = page.eval(LINES)
        tap.check(len(lines) >= 9 and min(lines) > 4, f'lines: {lines}')


def test_the_figures_move_and_agree_with_peers():
    lab.when_calm(agree)


def test_the_peer_that_is_chosen_is_shown_until_it_leaves():
    with lab.Launch(LINE) as line, chromium.Browser() as b:
        line.until(BASE)
        page = b.open(BASE + 'cam1/stats')      # below a name, too
        page.until('document.body.innerText.includes("Nobody is connected")')
        viewer = b.open(BASE + 'watch?app-data=first')
        viewer.watch(numbers=False)
        source = b.open(BASE + 'publish?app-data=second',
                        script=chromium.camera(320, 180))
        source.until('!document.getElementById("go").disabled')
        source.eval('document.getElementById("go").click()')
        page.until('document.getElementById("peer").length === 2')
        tap.check('first' in page.eval('document.getElementById("about")'
                                       '.innerText'), 'another peer')
        page.eval('''(() => { const e = document.getElementById('peer');
            e.value = [...e.options].find((o) => o.text.includes('second')).value;
            e.dispatchEvent(new Event('change')); })()''')
        page.until('document.getElementById("about").innerText.includes("publish")')
        end = time.monotonic() + 20     # for the first of its packets
        while not (received := [
                s['id'] for p in peers() for s in p['stats']
                if s['type'] == 'inbound-rtp' and s['kind'] == 'video']):
            tap.check(time.monotonic() < end, peers())
            time.sleep(0.1)
        received, = received
        until_shown(page, received, {'bitrate', 'loss', 'jitter', 'frames'})
        tap.check('peer=peer-1' in page.eval('location.href'),
                  'the address does not say who')
        source.close()
        page.until('document.getElementById("about").innerText.includes("first")')


if __name__ == '__main__':
    tap.main(globals())
