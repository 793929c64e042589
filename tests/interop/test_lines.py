#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
# in pairs
"""Everyday gst-launch-1.0 lines whose links have no names: pictures and sound are
counted where they come out, at the second endpoint of the line."""
import glob
import re
import signal
import tempfile
import time

import lab
lab.enter()

import counter  # noqa: E402
import tap  # noqa: E402

FAR = ('webrtcendpoint name=b '
       'b. ! decodebin ! fakesink name=picture silent=false '
       'b. ! decodebin ! fakesink name=sound silent=false')


def clip():
    return counter.cached_file(lab.DATA, 30, width=320, height=180)


def counts(launch):
    """How many buffers each sink had."""
    found = re.findall(r'GstFakeSink:(\w+): last-message = chain ',
                       launch.output())
    return {name: found.count(name) for name in found}


def caps(launch, folder, sinks):
    """What each sink is given, by the graph that SIGHUP asks for: of what is
    notified, some is printed as one with what comes after it."""
    launch.process.send_signal(signal.SIGHUP)
    graph, end = '', time.monotonic() + 20
    while not graph.endswith('\n}\n') and time.monotonic() < end:
        time.sleep(0.05)
        for path in glob.glob(f'{folder}/*snapshot.dot'):
            with open(path, encoding='utf-8') as f:
                graph = f.read()
    found = {s: re.search(rf'-> {s}_\w+ \[label="([^\\"]+)', graph) for s in sinks}
    return {s: m and m[1] for s, m in found.items()}


def check(line, **wanted):
    """Each sink of @line gets 40 buffers of such caps."""
    lab.when_calm(lambda: run(line, wanted))


def run(line, wanted):
    with tempfile.TemporaryDirectory() as folder, lab.Launch(
            line, options=('-e', '-v'),
            env={'GST_DEBUG_DUMP_DOT_DIR': folder}) as launch:
        end = time.monotonic() + 40
        while (any(counts(launch).get(s, 0) < 40 for s in wanted)
               and time.monotonic() < end and launch.process.poll() is None):
            time.sleep(0.2)
        got, types = counts(launch), caps(launch, folder, wanted)
        tap.note(f'{got}, {types}')
        tap.check(all(got.get(s, 0) >= 40 for s in wanted), f'{got} of {line}')
        tap.check(types == wanted, f'{types}, not {wanted}: {line}')
        rc, took = launch.interrupt()
        tap.check(rc == 0 and took < 3, f'{rc} after {took:.1f} s: {line}')
        tap.check('CRITICAL' not in launch.output()
                  and 'WARNING' not in launch.output(), launch.output()[-3000:])


def test_a_test_picture_to_an_endpoint_of_the_line():
    check('videotestsrc ! webrtcendpoint name=a peer=b  '
          'webrtcendpoint name=b ! fakesink name=picture silent=false',
          picture='video/x-vp8')


if lab.IS_LONG:
    def test_a_demuxed_file():
        check(f'filesrc location={clip()} ! matroskademux name=u '
              f'u. ! queue ! e.  u. ! queue ! e.  webrtcendpoint name=e peer=b {FAR}',
              picture='video/x-raw', sound='audio/x-raw')

    def test_a_decoded_file():
        check(f'uridecodebin uri={lab.uri(clip())} name=u  u. ! e.  u. ! e.  '
              f'webrtcendpoint name=e peer=b {FAR}',
              picture='video/x-raw', sound='audio/x-raw')


def test_rtp_with_the_sound_offered_first():
    check('audiotestsrc ! opusenc ! rtpopuspay ! e.  videotestsrc ! '
          'video/x-raw,width=320,height=180 ! vp8enc deadline=1 ! rtpvp8pay ! e. '
          f'webrtcendpoint name=e peer=b {FAR}',
          picture='video/x-raw', sound='audio/x-raw')


def test_links_to_what_takes_one_codec_find_it():
    check('audiotestsrc ! e.  videotestsrc ! video/x-raw,width=320,height=180 ! e.'
          ' webrtcendpoint name=e peer=b webrtcendpoint name=b '
          'b. ! rtpopusdepay ! opusdec ! fakesink name=sound silent=false '
          'b. ! rtpvp8depay ! vp8dec ! fakesink name=picture silent=false',
          picture='video/x-raw', sound='audio/x-raw')


if __name__ == '__main__':
    tap.main(globals())
