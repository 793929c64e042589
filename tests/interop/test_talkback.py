#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
"""The talkback page: a browser watches, and its microphone comes out of the
server's source pad while, and only while, the person talks; on one connection."""
import json
import subprocess
import sys
import time

import lab
lab.enter()

import chromium  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402

Gst.init(None)
PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
LINE = (f'webrtcserver name=s page=talkback port={PORT} '
        f'allow-origin=http://plain.test:{PORT} '
        'fdsrc fd=%d ! rawvideoparse format=i420 width=320 height=180 '
        'framerate=30/1 ! identity sync=true ! s. '
        'audiotestsrc is-live=true freq=440 volume=0.3 ! s. '
        's.audio_src_0 ! decodebin ! AUDIO')
VOICE, OTHER = 900, 1500        # Hz; the server's own sound has 440
TALK = 'document.getElementById("talk").click()'
NEWS = 'document.getElementById("talk-news").textContent'
IN = 'document.body.dataset.room === "in"'
VOICES = '''(() => { const Native = window.Audio; window.viaVoices = [];
  window.Audio = class extends Native { constructor(...a) { super(...a);
    viaVoices.push(this); } }; })();'''


class Server:
    """One of this process, its microphone pad read as a loudspeaker would."""

    def __enter__(self):
        self.source = subprocess.Popen(
            [sys.executable, f'{lab.TOP}/tests/support/counter.py', 'raw',
             '--width', '320', '--height', '180', '--frames', '6000'],
            stdout=subprocess.PIPE)
        self.pipeline = reader.parse(LINE % self.source.stdout.fileno())
        self.read = reader.Reader(self.pipeline)
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)
        self.source.kill()
        self.source.wait()
        self.source.stdout.close()

    def hears(self, hz, seconds=30):
        """Waits until the last second has the tone of @hz."""
        end, db = time.monotonic() + seconds, None
        while time.monotonic() < end:
            if (heard := self.last()) is not None:
                db = judge.tone_db(heard, 48000, hz)
                if db >= judge.TONE_DB:
                    tap.note(f'{hz} Hz by {db:.1f} dB')
                    return
            time.sleep(0.1)
        tap.check(False, f'{hz} Hz is not heard: {db} dB')

    def last(self):
        import numpy
        parts = list(self.read.audio)
        heard = numpy.concatenate(parts) if parts else []
        return heard[-48000:] if len(heard) >= 48000 else None


def talker(browser, hz=VOICE, query='', script=''):
    page = browser.open(BASE + query, script=chromium.camera(
        320, 180, hz=hz) + VOICES + script)
    page.until(IN)
    return page


def watch_and_answer():
    with Server() as s, chromium.Browser() as b:
        page = talker(b)
        page.watch()
        tap.check('Nobody hears you' in page.eval(NEWS), page.eval(NEWS))
        page.eval(TALK)
        page.until(f'{NEWS}.includes("They hear you")')
        s.hears(VOICE)
        page.take()
        page.samples.clear()
        time.sleep(4)
        figures, db = page.counters(), page.tone()
        tap.note(f'{figures}, tone {db:.1f} dB')
        wrong = judge.plays(figures, 80)
        tap.check(wrong is None, wrong)
        tap.check(db >= judge.TONE_DB, f'the tone is only {db:.1f} dB')
        tap.check(page.eval('viaFar.peers.length') == 1, 'two connections')
        page.eval(TALK)
        page.until(f'{NEWS}.includes("Nobody hears you")')
        end = time.monotonic() + 10     # Chromium sends nothing, or silence
        while True:
            before = len(s.read.audio)
            time.sleep(1)
            late = s.read.audio[before:]
            if not late or max(abs(x).max() for x in late) < 0.001:
                break
            tap.check(time.monotonic() < end, 'still heard')
        page.eval(TALK)
        s.read.audio.clear()
        s.hears(VOICE)


if lab.IS_LONG:     # the short form has line 8 of docs/one-liners.md
    def test_one_watches_and_answers_with_ones_microphone():
        lab.when_calm(watch_and_answer)


def test_all_who_talk_hear_each_other():
    with Server() as s, chromium.Browser() as b:
        first, second = talker(b), talker(b, OTHER, '?name=Bob')
        second.eval(TALK)
        first.until('viaVoices.some((a) => a.srcObject && !a.paused)')
        end = time.monotonic() + 20     # what comes first may be cut
        while (db := first.eval(
                f'viaFar.tone({OTHER}, 2000, viaVoices.find((a) => '
                'a.srcObject).srcObject)')['db']) < judge.TONE_DB:
            tap.check(time.monotonic() < end, f'Bob is not heard: {db:.1f} dB')
        s.hears(OTHER)      # who talks first has the first pad
        second.close()
        first.until('!viaVoices.some((a) => a.srcObject)')


def says(page, *words):
    for word in words:
        page.until(f'{NEWS}.includes({json.dumps(word)})')
    page.until('document.getElementById("talk").ariaPressed === "false"')


REFUSED = '''navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('no', '%s'); };'''
NONE = 'navigator.mediaDevices.enumerateDevices = async () => [];'


def test_what_keeps_the_microphone_away_is_said_and_one_still_watches():
    flags = ['--host-resolver-rules=MAP plain.test 127.0.0.1']
    with Server(), chromium.Browser(flags) as b:
        for script, *words in (
                (NONE, 'No microphone'),
                (REFUSED % 'NotAllowedError', 'Permission denied'),
                (REFUSED % 'NotReadableError', 'another program'))[
                    :3 if lab.IS_LONG else 1]:
            page = talker(b, script=script)
            page.eval(TALK)
            says(page, *words)
            page.until('document.body.dataset.state === "playing"')
            page.close()
        page = b.open(f'http://plain.test:{PORT}/live/')
        page.until(IN)
        says(page, 'Without HTTPS you can only watch', 'https://')
        page.eval(TALK)
        says(page, 'Without HTTPS you can only watch')
        page.until('document.body.dataset.state === "playing"')


if __name__ == '__main__':
    tap.main(globals())
