#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""A stock effect in the path from one browser to another: seen, in order, heard."""
import time

import lab
lab.enter()

import chromium  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402
import test_endpoint as far  # noqa: E402

IN, OUT = 'http://127.0.0.1:8889/in/', 'http://127.0.0.1:8890/out/'
# Half the contrast: the counter's black and white come half as far apart.
EFFECT = 'videoconvert ! videobalance contrast=0.5 ! videoconvert'


def spread(page):
    """Between the brightest and the darkest of the counter's blocks."""
    luma = page.grab()
    height, width = luma.shape
    blocks = [luma[int((row + .4) * height / 8):int((row + .6) * height / 8),
                   int((column + .4) * width / 16):
                   int((column + .6) * width / 16)].mean()
              for row in range(4) for column in range(8)]
    return float(max(blocks) - min(blocks))


def publish(b):
    page = b.open(IN + 'publish', script=chromium.camera(320, 180))
    page.until('!document.getElementById("go").disabled')
    page.eval('document.getElementById("go").click()')
    page.until('document.body.dataset.state === "live"')


def check(page, plain):
    """@page has what is filtered, @plain what is not."""
    page.watch()
    plain.watch(numbers=False)
    time.sleep(3)
    page.take()
    page.samples.clear()
    time.sleep(5)
    figures, tone = page.counters(), page.tone()
    seen, before = spread(page), spread(plain)
    tap.note(f'{figures}, tone {tone:.1f} dB, contrast {seen:.0f} '
             f'of {before:.0f}')
    wrong = judge.plays(figures, 120)
    tap.check(wrong is None, wrong)
    tap.check(tone >= judge.TONE_DB, f'the tone is only {tone:.1f} dB')
    tap.check(before > 180, f'contrast {before:.0f} without the effect')
    tap.check(0.45 < seen / before < 0.55,
              f'contrast {seen:.0f} of {before:.0f}: not the effect')


def between_two_servers():
    with lab.Launch('webrtcserver name=in path=in port=8889 '
                    'webrtcserver name=out path=out port=8890',
                    f'in.video_src_0 ! decodebin ! {EFFECT} ! out.video_sink_0',
                    'in.audio_src_0 ! decodebin ! audioconvert ! '
                    'audioresample ! out.audio_sink_0') as launch, \
            chromium.Browser() as b:
        launch.until(IN)
        launch.until(OUT)
        publish(b)
        check(b.open(OUT), b.open(IN))


def test_an_effect_between_two_servers():
    lab.when_calm(between_two_servers)


class Signalled(far.Call):
    """An application: a server's source pads, encoders, an endpoint's sinks."""

    def connect(self):
        publish(self.browser)
        end = time.monotonic() + 15     # the endpoint offers what it was given
        while (any(not p.get_current_caps() for p in self.endpoint.sinkpads)
               and time.monotonic() < end):
            time.sleep(0.05)
        super().connect()


def into_an_endpoint(encoder):
    with Signalled('webrtcserver name=in path=in port=8889 '
                   f'in.video_src_0 ! decodebin ! {EFFECT} ! {encoder} ! '
                   'e.video_sink_0 in.audio_src_0 ! decodebin ! audioconvert ! '
                   'audioresample ! opusenc ! e.audio_sink_0') as call:
        call.connect()
        check(call.page, call.browser.open(IN))
        tap.check(not call.errors(), call.errors())


if lab.IS_LONG:
    def test_an_effect_encoded_as_vp8_into_an_endpoint():
        lab.when_calm(lambda: into_an_endpoint('vp8enc deadline=1 threads=1'))

    def test_an_effect_encoded_as_h264_into_an_endpoint():
        lab.when_calm(lambda: into_an_endpoint(
            'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60'))


if __name__ == '__main__':
    tap.main(globals())
