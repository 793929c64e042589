#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""Source pads of hubs and dispatchers in a line: the numbers of the pictures and
the tone are read where they come out."""
import time

import lab
lab.enter()

import counter  # noqa: E402
import judge  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402
from gi.repository import Gst  # noqa: E402


def clip():
    return counter.cached_file(lab.DATA, 30, width=320, height=180)


def sound_and_picture(name):
    return (f'filesrc location={clip()} ! matroskademux name=u '
            f'u.video_0 ! queue ! {name}.video_sink_1 '
            f'u.audio_0 ! queue ! {name}.audio_sink_1')


def play(line, seconds=8 if lab.IS_LONG else 3):
    Gst.init(None)
    pipeline = reader.parse(line)
    far = reader.Reader(pipeline)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        end = time.monotonic() + 15
        while not (far.samples and far.audio) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        far.samples.clear()
        far.audio.clear()
        time.sleep(seconds)
        figures = far.figures()
        bus = pipeline.get_bus()
        fault = bus.pop_filtered(Gst.MessageType.ERROR
                                 | Gst.MessageType.WARNING)
    finally:
        pipeline.set_state(Gst.State.NULL)
    tap.note(figures)
    tap.check(fault is None, fault and fault.get_structure().to_string())
    wrong = judge.plays(figures, 25 * seconds)
    tap.check(wrong is None, wrong)
    tap.check(figures['tone_db'] >= judge.TONE_DB, f'tone {figures["tone_db"]}')


def test_a_player_of_the_hub_comes_out_of_its_pads():
    lab.when_calm(lambda: play(
        f'hub name=room  playerendpoint hub=room uri={lab.uri(clip())}  '
        'room.video_src_0_0 ! decodebin ! VIDEO  '
        'room.audio_src_0_0 ! decodebin ! AUDIO'))


def test_a_dispatcher_gives_the_port_what_its_route_says():
    lab.when_calm(lambda: play(
        f'dispatcher name=d routes=1>0  {sound_and_picture("d")}  '
        'd.video_src_0 ! decodebin ! VIDEO  d.audio_src_0 ! decodebin ! AUDIO'))


if lab.IS_LONG:
    def test_the_readme_shows_the_first_browser_that_publishes():
        import re
        import chromium
        with open(lab.TOP + '/README.md', encoding='utf-8') as f:
            section = f.read().split('## Take one out of a hub')[1]
        line = re.search(r'1\.0 (hub name=room .*?) ! videoconvert', section,
                         re.S)[1]
        with lab.Launch(line.replace('\\\n', ' '), '! fakesink silent=false',
                        options=('-e', '-v')) as launch, \
                chromium.Browser() as b:
            url = 'http://127.0.0.1:8889/live/'
            launch.until(url)
            page = b.open(url, script=chromium.camera(320, 180))
            page.until('!document.getElementById("go").disabled')
            page.eval('document.getElementById("go").click()')
            end = time.monotonic() + 20
            while (launch.output().count('last-message = chain ') < 40
                   and time.monotonic() < end):
                time.sleep(0.1)
            tap.check(launch.output().count('last-message = chain ') >= 40,
                      launch.output()[-2000:])
            rc, took = launch.interrupt()
            tap.check(rc == 0, f'{rc} after {took:.1f} s')

    def test_a_pad_of_the_hub_comes_out_of_its_ports_pads():
        lab.when_calm(lambda: play(
            f'hub name=room  {sound_and_picture("room")}  '
            'room.video_src_1_0 ! rtpvp8depay ! vp8dec ! VIDEO  '
            'room.audio_src_1_0 ! opusdec ! AUDIO'))

    def test_one_to_many_gives_the_main_port():
        lab.when_calm(lambda: play(
            f'dispatcheronetomany name=d main=1  {sound_and_picture("d")}  '
            'd.video_src_7 ! vp8dec ! VIDEO  d.audio_src_7 ! rtpopusdepay ! '
            'opusdec ! AUDIO'))


if __name__ == '__main__':
    tap.main(globals())
