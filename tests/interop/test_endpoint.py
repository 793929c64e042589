#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One webrtcendpoint, driven by its actions alone, and Chromium."""
import http.server
import re
import threading
import time

import lab
lab.enter()

import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402,F401  (initialises GStreamer)
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402


def blank_page():
    class Blank(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Type', 'text/html')
            self.end_headers()
            self.wfile.write(b'<!doctype html><title>far end</title>')

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Blank)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f'http://127.0.0.1:{server.server_port}/'


class Call:
    """A pipeline with a webrtcendpoint named e, and a page to connect it to."""

    def __init__(self, source, rtc_config=None):
        Gst.init(None)
        self.rtc_config = rtc_config
        self.pipeline = Gst.parse_launch(f'webrtcendpoint name=e {source}')
        self.endpoint = self.pipeline.get_by_name('e')
        self.done = threading.Event()
        self.endpoint.connect('on-ice-gathering-done',
                              lambda *_: self.done.set())

    def __enter__(self):
        self.browser = chromium.Browser()
        self.page = self.browser.open(blank_page(), self.rtc_config)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.pipeline.get_state(10 * Gst.SECOND)
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.pipeline.set_state(Gst.State.NULL)

    def errors(self):
        bus, texts = self.pipeline.get_bus(), []
        while m := bus.pop_filtered(Gst.MessageType.ERROR
                                    | Gst.MessageType.WARNING):
            parse = (m.parse_error if m.type == Gst.MessageType.ERROR
                     else m.parse_warning)
            texts.append(' '.join(str(p) for p in parse()))
        return texts

    def answer(self, offer):
        """The complete answer to @offer."""
        tap.check(self.endpoint.emit('process-offer', offer),
                  f'no answer: {self.errors()}')
        self.endpoint.emit('gather-candidates')
        tap.check(self.done.wait(30), 'gathering does not end')
        return self.endpoint.get_property('local-description')

    def connect(self):
        answer = self.answer(self.page.eval('viaFar.offer()'))
        import json
        self.page.eval(f'viaFar.answer({json.dumps(answer)})')
        return answer


def clip(video='v'):
    path = counter.cached_file(lab.DATA, 30)
    return (f'filesrc location={path} ! matroskademux name=d '
            'd.video_0 ! queue ! e.video_sink_0 '
            'd.audio_0 ! queue ! e.audio_sink_0')


def offer_and_play():
    with Call(clip()) as call:
        call.connect()
        call.page.watch()
        time.sleep(2)
        call.page.take()
        call.page.samples.clear()
        time.sleep(5)
        figures, tone = call.page.counters(), call.page.tone()
        stats = call.page.stats()
        ours = call.endpoint.get_property('stats').to_string()
        tap.note(f'{figures}, tone {tone:.1f} dB, {stats.get("srtpCipher")}')
        wrong = judge.plays(figures, 120)
        tap.check(wrong is None, wrong)
        tap.check(tone >= judge.TONE_DB, f'tone {tone}')
        tap.check('AEAD_AES_128_GCM' in (stats.get('srtpCipher') or ''),
                  f'the browser says {stats["srtpCipher"]}')
        tap.check('AEAD_AES_128_GCM' in ours, f'we say {ours}')
        tap.check(not call.errors(), call.errors())


def test_chromium_offers_and_plays():
    lab.when_calm(offer_and_play)


def test_a_wrong_fingerprint_is_refused_and_no_media_moves():
    with Call(clip()) as call:
        offer = call.page.eval('viaFar.offer()')
        wrong = re.sub(r'(a=fingerprint:sha-256 )(..)',
                       lambda m: m[1] + f'{int(m[2], 16) ^ 1:02X}', offer)
        tap.check(wrong != offer, 'the offer has no fingerprint')
        import json
        call.page.eval(f'viaFar.answer({json.dumps(call.answer(wrong))})')
        end = time.monotonic() + 30
        while ((state := call.endpoint.get_property('connection-state'))
               .value_nick != 'failed' and time.monotonic() < end):
            time.sleep(0.05)
        time.sleep(2)       # for media to come, were there any
        stats = call.page.stats()
        tap.note(f'{state.value_nick}, the browser says {stats["state"]}')
        tap.check(state.value_nick == 'failed', f'it is {state.value_nick}')
        tap.check(sum(s.get('packetsReceived', 0)
                      for s in stats['inbound'].values()) == 0,
                  f'media came: {stats["inbound"]}')


if __name__ == '__main__':
    tap.main(globals())
