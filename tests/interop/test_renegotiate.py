#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium's call changes while it runs; the m-line that stays never stops.

Camera, then a second video, the first removed, its m-line recycled, ICE
restarted. The camera has the BUNDLE tag: each time the tagged m-line changes,
Chromium ends its DTLS association and begins another one from a new port.
Packets are counted at the endpoint, decoded frames in the browser."""
import json
import threading
import time

import lab
lab.enter()

import tap  # noqa: E402
from test_endpoint import Call  # noqa: E402

SILENCE = 1.5                   # seconds; the machine is shared
SOURCES = ' '.join(
    f'videotestsrc is-live=true pattern={pattern} ! '
    'video/x-raw,width=160,height=120,framerate=20/1 ! '
    'vp8enc deadline=1 keyframe-max-dist=20 ! e.' for pattern in ('ball', 'smpte'))
PAGE = '''(() => {
  const pc = window.pc = new RTCPeerConnection();
  const picture = () => {
    const canvas = document.createElement('canvas');
    canvas.width = 160; canvas.height = 120;
    const ctx = canvas.getContext('2d');
    let n = 0;
    setInterval(() => { ctx.fillStyle = `hsl(${n++ % 360} 90% 50%)`;
                        ctx.fillRect(0, 0, 160, 120); }, 40);
    return canvas.captureStream(25).getVideoTracks()[0];
  };
  window.add = () => { pc.addTransceiver(picture()); return true; };
  window.remove = i => { pc.getTransceivers()[i].stop(); return true; };
  window.offer = async () => {
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== 'complete')
      await new Promise(done => setTimeout(done, 20));
    return pc.localDescription.sdp;
  };
  window.answer = async sdp => {
    await pc.setRemoteDescription({ type: 'answer', sdp });
    return pc.signalingState;
  };
  pc.oniceconnectionstatechange = () => states.push(pc.iceConnectionState);
  window.states = [];
  window.decoded = {}; window.silence = {};
  setInterval(async () => {
    for (const s of (await pc.getStats()).values()) {
      if (s.type !== 'inbound-rtp' || s.kind !== 'video') continue;
      const was = decoded[s.mid], now = performance.now();
      if (!was) silence[s.mid] = 0;
      else silence[s.mid] = Math.max(silence[s.mid], now - was.at);
      if (!was || was.frames !== s.framesDecoded)
        decoded[s.mid] = { frames: s.framesDecoded, at: now };
    }
  }, 50);
  return true;
})()'''


class Watch:
    """The longest time without a packet of the m-line @mid."""

    def __init__(self, endpoint, mid):
        self.endpoint, self.mid, self.silence = endpoint, mid, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def line(self):
        media = self.endpoint.get_property('stats').get_value('media')
        return next(m for m in media if m.get_string('mid') == self.mid)

    def run(self):
        count, last = 0, time.monotonic()
        while not self.over.wait(0.03):
            now = self.line().get_uint64('packets-received')[1]
            self.silence = max(self.silence, time.monotonic() - last)
            if now != count:
                count, last = now, time.monotonic()

    def end(self):
        tap.check(self.thread.is_alive(), 'nobody watched to the end')
        self.over.set()
        self.thread.join()
        return self.silence


def negotiate(call):
    offer = call.page.eval('offer()')
    answer = call.endpoint.emit('process-offer', offer)
    tap.check(answer, f'no answer: {call.errors()}')
    state = call.page.eval(f'answer({json.dumps(answer)})')
    tap.check(state == 'stable', f'signalling {state}')
    return offer, answer


def lines(sdp):
    """[(port is not 0, mid), …]"""
    return [(not part.split(' ')[1] == '0',
             part.split('a=mid:')[1].split('\r')[0])
            for part in sdp.split('\r\nm=')[1:]]


def ufrag(sdp):
    return sdp.split('a=ice-ufrag:')[1].split('\r')[0]


def frames(call, mid):
    return call.page.eval(f'(decoded[{json.dumps(mid)}] || {{frames: 0}}).frames')


def goes_on(call, watch, seconds=2):
    """More of the kept m-line arrives on both sides."""
    packets = watch.line().get_uint64('packets-received')[1]
    shown = frames(call, watch.mid)
    time.sleep(seconds)
    tap.check(watch.line().get_uint64('packets-received')[1] > packets + 10,
              'the browser\'s kept video stands still')
    tap.check(frames(call, watch.mid) > shown + 10,
              'the kept video stands still in the browser')


@lab.calm
def test_kept_m_line_never_stops_while_others_come_and_go():
    with Call(SOURCES) as call:
        call.page.eval(PAGE)
        call.page.eval('add()')
        offer = call.page.eval('offer()')
        call.page.eval(f'answer({json.dumps(call.answer(offer))})')
        call.page.until("pc.connectionState === 'connected'")

        call.page.eval('add()')                             # a second video
        _, answer = negotiate(call)
        tap.check(lines(answer) == [(True, '0'), (True, '1')], lines(answer))
        call.page.until("decoded['1'] && decoded['1'].frames > 10")
        call.page.eval("silence['1'] = 0")
        watch = Watch(call.endpoint, '1')

        call.page.eval('remove(0)')                         # the first one
        _, answer = negotiate(call)
        tap.check([live for live, _ in lines(answer)] == [False, True],
                  lines(answer))
        goes_on(call, watch)

        call.page.eval('add()')                             # in its place
        offer, answer = negotiate(call)
        now = lines(answer)
        tap.check(len(now) == 2 and now[0][0] and now[0][1] not in '01', now)
        call.page.until(
            f"decoded[{json.dumps(now[0][1])}] "
            f"&& decoded[{json.dumps(now[0][1])}].frames > 10")
        goes_on(call, watch)

        call.page.eval('(pc.restartIce(), true)')
        new_offer, new_answer = negotiate(call)
        tap.check(ufrag(new_offer) != ufrag(offer), 'no restart was offered')
        tap.check(ufrag(new_answer) != ufrag(answer), 'nor answered')
        goes_on(call, watch, 4)

        ours, line = watch.end(), watch.line()
        theirs = call.page.eval("silence['1']") / 1000
        states = call.page.eval('states')
        lost = line.get_int64('packets-lost')[1]
        tap.note(f'longest silence {ours:.2f} s here, {theirs:.2f} s there; '
                 f'lost {lost}; ICE {states}')
        stats = call.endpoint.get_property('stats')
        handshakes = stats.get_uint('dtls-handshakes')[1]
        tap.check(handshakes == 3, f'{handshakes} DTLS handshakes')
        tap.check(ours < SILENCE and theirs < SILENCE, 'it stopped')
        tap.check(lost == 0, f'{lost} packets lost')
        tap.check(not set(states) & {'failed', 'disconnected', 'closed'},
                  f'ICE went {states}')


if __name__ == '__main__':
    tap.main(globals())
