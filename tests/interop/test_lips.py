#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# long form only
# timeout: 240
"""A page's flashes and beeps in our file, and in one that webrtcbin fed from the
same page at the same time. Chromium's reports say of sound when it was sent, so
a calm browser puts 20 to 30 ms between them itself."""
import os
import tempfile
import time

import lab
lab.enter()

import gi  # noqa: E402
gi.require_version('Gst', '1.0')
from gi.repository import Gst  # noqa: E402

import numpy  # noqa: E402

import chromium  # noqa: E402
import farbin  # noqa: E402
import tap  # noqa: E402
from recorded import HEIGHT, WIDTH, File, beep_offsets  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
SECONDS = 16 if lab.IS_LONG else 8
OFFSET = 0.040
FRAME = 0.033
FOLDER = tempfile.TemporaryDirectory(prefix='via-lips-')

# The page's camera once more, as an offer that waits for its candidates.
OFFER = """(async () => {
  const pc = window.viaControl = new RTCPeerConnection();
  for (const track of viaStream.getTracks()) {
    const t = pc.addTransceiver(track, { direction: 'sendonly', streams: [viaStream] });
    if (track.kind === 'video')
      t.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(
        (c) => c.mimeType === 'video/VP8'));
  }
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== 'complete')
    await new Promise((done) => setTimeout(done, 20));
  return pc.localDescription.sdp;
})()"""
ANSWER = 'viaControl.setRemoteDescription({ type: "answer", sdp: %r })'


class Control(farbin.Webrtcbin):
    """webrtcbin into a file, by stock elements alone."""

    def __init__(self, path):
        super().__init__(())
        self.file = Gst.parse_bin_from_description(
            f'matroskamux name=m streamable=true ! filesink async=false '
            f'sync=false location={path}  rtpvp8depay name=video ! queue ! m.  '
            'rtpopusdepay name=audio ! opusparse ! queue ! m.', False)
        self.pipeline.add(self.file)

    def on_pad(self, _, pad):
        kind = pad.get_current_caps().get_structure(0).get_string('media')
        sink = self.file.get_by_name(kind).get_static_pad('sink')
        ghost = Gst.GhostPad.new(kind, sink)
        ghost.set_active(True)
        self.file.add_pad(ghost)
        pad.link(ghost)


def record_both(ours, theirs):
    with lab.Launch('hub name=room', f'webrtcserver hub=room port={PORT}',
                    f'recorderendpoint hub=room location={ours}',
                    options=('-e', '-m')) as launch, \
            chromium.Browser() as b, Control(theirs) as control:
        launch.until(BASE)
        page = b.open(BASE + 'publish',
                      script=chromium.camera(WIDTH, HEIGHT, beeps=True))
        page.until('!document.getElementById("go").disabled')
        page.eval('document.getElementById("go").click()')
        page.until('document.body.dataset.state === "live"')
        page.eval(ANSWER % control.answer(page.eval(OFFER)))
        launch.until_says('recording-started')
        time.sleep(SECONDS + 3)     # until both have had sender reports
        rc, _ = launch.interrupt()
        tap.check(rc == 0, launch.output())


def compare():
    ours = os.path.join(FOLDER.name, 'ours.mkv')
    theirs = os.path.join(FOLDER.name, 'theirs.mkv')
    record_both(ours, theirs)
    found = {}
    for name, path in (('ours', ours), ('webrtcbin', theirs)):
        offsets = beep_offsets(File(path, name == 'ours'), skip=3)
        tap.note(f'{name}: beep after flash '
                 f'{[round(o * 1000) for o in offsets]} ms')
        tap.check(len(offsets) >= SECONDS - 3, f'{name}: too few beeps')
        found[name] = float(numpy.median(offsets))
    tap.note(f'median: {found}')
    tap.check(abs(found['ours']) <= OFFSET, found)
    tap.check(abs(found['ours']) <= abs(found['webrtcbin']) + FRAME, found)


def test_lips_and_voice_are_no_further_apart_than_webrtcbin_has_them():
    lab.when_calm(compare)


if __name__ == '__main__':
    tap.main(globals())
