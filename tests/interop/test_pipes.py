#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""signaling-uri=stdio: and file:///folder: two processes joined by pipes or by a
folder, and Chromium at the other end of both. Counter and tone at the far end."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402
from test_endpoint import blank_page, clip  # noqa: E402

READER = os.path.join(lab.TOP, 'tests', 'support', 'reader.py')
READ = 'e.video_src_0 ! decodebin ! VIDEO e.audio_src_0 ! decodebin ! AUDIO'


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        tap.check(time.monotonic() < end, f'{what}: not within {seconds} s')
        time.sleep(0.05)


class End:
    """A process that sends and reads for @seconds, on stdin and stdout."""

    def __init__(self, description, seconds, **pipes):
        fd, self.path = tempfile.mkstemp(prefix='via-figures-')
        os.close(fd)
        self.process = subprocess.Popen(
            [sys.executable, READER, description, str(seconds), self.path],
            **pipes)

    def figures(self):
        self.process.wait(60)
        with open(self.path, encoding='utf-8') as f:
            text = f.read()
        os.unlink(self.path)
        tap.check(text, 'the end read nothing')
        return json.loads(text)


def ends(uri, *descriptions, seconds=6):
    """Two processes, each one's stdout the other's stdin."""
    there, back = os.pipe(), os.pipe()
    both = [End(f'webrtcendpoint name=e signaling-uri={uri} {d}', seconds,
                stdin=i, stdout=o)
            for d, i, o in zip(descriptions, (back[0], there[0]),
                               (there[1], back[1]))]
    for fd in (*there, *back):
        os.close(fd)
    return both


def check(figures, at_least=60, tone=True):
    tap.note(figures)
    wrong = judge.plays(figures, at_least)
    tap.check(wrong is None, wrong)
    tap.check(not tone or figures['tone_db'] >= judge.TONE_DB,
              f'the tone is {figures["tone_db"]} dB')


def both_ways(uri):
    for end in ends(uri, *[f'{clip()} {READ}'] * 2):
        check(end.figures())


def test_two_processes_see_and_hear_each_other_through_pipes():
    lab.when_calm(lambda: both_ways('stdio:'))


def in_a_folder():
    with tempfile.TemporaryDirectory() as folder:
        uri = lab.uri(f'{folder}/meet')
        lab.when_calm(lambda: both_ways(uri))
        tap.check(not os.listdir(f'{folder}/meet'),
                  f'left there: {os.listdir(f"{folder}/meet")}')


def later_to_the_hub():
    """Three tracks more than the first offer had."""
    film = lab.uri(counter.cached_file(lab.DATA, 30))
    hub = (f'hub=h hub name=h playerendpoint uri={film} hub=h '
           f'playerendpoint uri={film} hub=h')
    there, back = os.pipe(), os.pipe()
    near = subprocess.Popen(
        ['gst-launch-1.0', '-q', 'webrtcendpoint', 'signaling-uri=stdio:',
         *hub.split()], stdin=back[0], stdout=there[1])
    far = End('webrtcendpoint name=e signaling-uri=stdio: '
              'e.video_src_0 ! decodebin ! fakesink '
              'e.video_src_1 ! decodebin ! VIDEO '
              'e.audio_src_1 ! decodebin ! AUDIO', 7,
              stdin=there[0], stdout=back[1])
    for fd in (*there, *back):
        os.close(fd)
    try:
        check(far.figures())
    finally:
        near.send_signal(signal.SIGINT)
        near.wait(5)


if lab.IS_LONG:
    def test_two_processes_meet_in_a_folder():
        in_a_folder()

    def test_what_comes_to_the_hub_later_is_offered_later():
        lab.when_calm(later_to_the_hub)


# --- a browser is the other end ---

PEER = '''
  const pc = new RTCPeerConnection(), out = window.viaOut = [];
  const video = document.createElement('video');
  video.autoplay = true; video.srcObject = new MediaStream();
  document.body.append(video);
  pc.ontrack = (e) => { video.srcObject.addTrack(e.track); video.play(); };
  pc.onicecandidate = (e) => out.push(e.candidate ? e.candidate.toJSON()
                                                  : { candidate: '' });
  window.viaHear = async (m) => {
    if (m.type === 'offer') {
      await pc.setRemoteDescription(m);
      await pc.setLocalDescription();
      out.push(pc.localDescription.toJSON());
    } else if (m.type === 'answer') {
      await pc.setRemoteDescription(m);
    } else if (m.candidate !== undefined) {
      await pc.addIceCandidate(m);
    }
  };
'''


def page_of(browser):
    page = browser.open(blank_page())
    page.eval(f'(() => {{ {PEER} }})()')
    return page


def check_page(page):
    page.watch()
    time.sleep(3)
    figures = page.counters()
    tap.note(figures)
    tap.check(judge.plays(figures, 50) is None, judge.plays(figures, 50))
    tone = page.tone()
    tap.check(tone >= judge.TONE_DB, f'the tone is {tone} dB')


def browser_by_lines():
    with chromium.Browser() as b:
        page = page_of(b)
        line = subprocess.Popen(
            ['gst-launch-1.0', '-q', 'webrtcendpoint', 'name=e',
             'signaling-uri=stdio:', *clip().split()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        said, over = [], threading.Event()

        def carry_there():
            for text in line.stdout:
                said.append(json.loads(text))
                page.eval(f'viaHear({text.decode()})')

        def carry_back():
            while not over.wait(0.05):
                for message in page.eval('viaOut.splice(0)'):
                    line.stdin.write(json.dumps(message).encode() + b'\n')
                line.stdin.flush()

        threads = [threading.Thread(target=f) for f in (carry_there, carry_back)]
        try:
            for thread in threads:
                thread.start()
            check_page(page)
        finally:
            over.set()
            threads[1].join()
            start = time.monotonic()
            line.send_signal(signal.SIGINT)
            line.wait(5)
            took = time.monotonic() - start
            threads[0].join()
        kinds = [m.get('type') or 'candidate' for m in said]
        tap.note(f'said {kinds}, ended after {took:.2f} s')
        tap.check(kinds[0] == 'offer' and 'candidate' in kinds
                  and kinds[-1] == 'bye', f'{kinds}')
        tap.check(took < 2, f'{took:.2f} s to stop')


def test_a_browser_is_called_line_by_line():
    lab.when_calm(browser_by_lines)


def browser_by_paste(we_offer):
    with chromium.Browser() as b, tempfile.TemporaryDirectory() as folder:
        page = page_of(b) if we_offer else b.open(blank_page())
        offer, answer = (os.path.join(folder, f'{n}.json')
                         for n in ('offer', 'answer'))

        def paste(text, path):
            """As `cat > path` does it, in two pieces."""
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text[:100])
                f.flush()
                time.sleep(0.3)
                f.write(text[100:])

        if not we_offer:
            paste(page.eval(f'''(async () => {{ const sdp = await viaFar.offer();
                return JSON.stringify({{ type: "offer", sdp }}); }})()'''), offer)
        with lab.Launch(f'webrtcendpoint name=e signaling-uri={lab.uri(folder)} '
                        + clip()) as line:
            ours = offer if we_offer else answer
            until(lambda: os.path.exists(ours), 10, ours)
            with open(ours, encoding='utf-8') as f:
                text = f.read()
            tap.check(os.stat(ours).st_mode & 0o77 == 0, 'others may read it')
            tap.check('a=end-of-candidates' in text and 'typ host' in text, text)
            if we_offer:
                page.eval(f'viaHear({text})')
                page.until('viaOut.some((m) => m.candidate === "")')
                paste(page.eval('JSON.stringify(viaFar.peers[0]'
                                '.localDescription.toJSON())'), answer)
            else:
                page.eval(f'viaFar.answer({text}.sdp)')
            check_page(page)
            tap.check(not os.listdir(folder), f'{os.listdir(folder)}')
            tap.check(line.process.poll() is None, line.output())


if lab.IS_LONG:
    def test_a_browser_is_called_by_copy_and_paste():
        lab.when_calm(lambda: browser_by_paste(True))

    def test_a_browser_calls_by_copy_and_paste():
        lab.when_calm(lambda: browser_by_paste(False))


# --- docs/calling.md ---

def lines_of(heading):
    with open(os.path.join(lab.TOP, 'docs', 'calling.md'), encoding='utf-8') as f:
        part = next(p for p in re.split(r'^## ', f.read(), flags=re.M)
                    if p.startswith(heading))
    return [line.strip() for line in re.findall(r'^    (.*)$', part, re.M)]


def run_lines(lines, folder):
    """@lines as a shell runs them, with the counter for the camera and a file
    for the screen; the numbers that were seen."""
    path = counter.cached_file(lab.DATA, 30, width=320, height=180)
    shown = os.path.join(folder, 'shown')
    text = '\n'.join(lines)
    for what, instead in (
            ('v4l2src', f'filesrc location={path} ! matroskademux ! vp8dec'),
            ('autovideosink', f'filesink location={shown}'),
            ('/tmp/meet', f'{folder}/meet')):
        text = text.replace(what, instead)
    shell = subprocess.Popen(['bash', '-c', text + '\nwait'], cwd=folder,
                             stdin=subprocess.DEVNULL, start_new_session=True,
                             stderr=subprocess.PIPE)
    size, n = 320 * 180 * 3 // 2, 60
    try:
        until(lambda: os.path.exists(shown)
              and os.path.getsize(shown) >= n * size, 60, f'{n} pictures')
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        errors = shell.communicate()[1].decode()
        tap.note(errors[-300:]) if errors else None
    with open(shown, 'rb') as f:
        pictures = [f.read(size) for _ in range(n)]
    numbers = [counter.read_luma(p, 320, 180, 320) for p in pictures]
    tap.note(f'pictures {numbers[0]} to {numbers[-1]}')
    new = sum(b > a for a, b in zip(numbers, numbers[1:]))
    tap.check(None not in numbers and new >= 0.95 * (n - 1), f'{numbers}')


def test_the_line_with_fifos_works_as_it_stands():
    lines = lines_of('`stdio:`')
    with tempfile.TemporaryDirectory() as folder:
        run_lines(lines[:3], folder)


if lab.IS_LONG:
    def test_the_line_with_socat_works_as_it_stands():
        lines = lines_of('`stdio:`')
        tap.check(lines[3].startswith('socat'), lines[3])
        with tempfile.TemporaryDirectory() as folder:
            run_lines(lines[3:], folder)

    def test_the_lines_with_a_folder_work_as_they_stand():
        lines = lines_of('`file:///FOLDER`')
        with tempfile.TemporaryDirectory() as folder:
            run_lines([lines[0] + ' &', lines[1]], folder)

    def test_an_offer_of_a_killed_one_is_in_nobodys_way():
        with tempfile.TemporaryDirectory() as folder:
            uri = lab.uri(f'{folder}/meet')
            line = (f'webrtcendpoint name=e signaling-uri={uri} {clip()}')
            with lab.Launch(line) as one:
                until(lambda: os.path.exists(f'{folder}/meet/offer.json'), 10,
                      'an offer')
                os.killpg(one.process.pid, signal.SIGKILL)
            tap.check(os.path.exists(f'{folder}/meet/offer.json'), 'it is gone')
            for end in ends(uri, *[f'{clip()} {READ}'] * 2):
                check(end.figures())


if __name__ == '__main__':
    tap.main(globals())
