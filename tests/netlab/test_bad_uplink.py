#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
"""What Chromium publishes comes over a bad way: what is lost is asked for again;
what arrives is told, and so it sends as much as the way takes."""
import re
import time

from test_bad_network import PORT, Server, lab, network

import chromium  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

SERVER = 'hub name=room webrtcserver name=s hub=room'
BASE = f'http://127.0.0.1:{PORT}/live/'
# Of the page's last connection, as a sender.
UPLINK = """(async () => {
    const pc = viaFar.peers[viaFar.peers.length - 1], out = {};
    (await pc.getStats()).forEach((s) => {
        if (s.type === 'candidate-pair' && s.nominated)
            out.available = s.availableOutgoingBitrate;
        if (s.type === 'outbound-rtp' && s.kind === 'video')
            Object.assign(out, { bytes: s.bytesSent, nacks: s.nackCount,
                again: s.retransmittedPacketsSent, width: s.frameWidth,
                target: s.targetBitrate, limit: s.qualityLimitationReason,
                plis: s.pliCount });
    });
    return out;
})()"""


def publish(b, width, height):
    page = b.open(BASE + 'publish', script=chromium.camera(width, height))
    page.until('!document.getElementById("go").disabled')
    page.eval('document.getElementById("go").click()')
    page.until('document.body.dataset.state === "live"')
    return page


def ports(server):
    """Ours, of the paths that media comes in by."""
    found = []
    for child in server.pipeline.get_by_name('s').children:
        if child.get_name().startswith('peer-'):
            stats = child.get_property('stats')
            ice = stats.get_value('ice')
            if stats.get_value('packets-received'):
                found.append(re.search(r'\d+$', ice.get_string('local'))[0])
    return found


def lose_and_publish():
    with Server(line=SERVER) as server, chromium.Browser() as b:
        source = publish(b, 320, 180)
        page = b.open(BASE)
        page.watch()
        time.sleep(2)
        [port] = ports(server)
        network.lose(10, but=[f'udp dport != {port}'])
        try:
            page.take()
            page.samples.clear()
            time.sleep(10)
            figures, up = page.counters(), source.eval(UPLINK)
        finally:
            network.lose_nothing()
    tap.note(f'{figures}, sender {up}')
    # Some 15 pictures are lost; a NACK may be about several of them.
    tap.check(up['nacks'] > 1 and up['again'] > 1, f'nothing sent again: {up}')
    tap.check(figures['in_order'] >= judge.IN_ORDER and not figures['backwards'],
              f'with 10 % loss on the way in: {figures}')


def test_lost_packets_of_a_publisher_are_asked_for():
    lab.when_calm(lose_and_publish)


def publish_720p():
    with Server(line=SERVER), chromium.Browser() as b:
        source, start = publish(b, 1280, 720), time.monotonic()
        took, seen = None, []
        while time.monotonic() - start < 25 and took is None:
            up = source.eval(UPLINK)
            seen.append(up.get('available') or 0)
            if seen[-1] >= 1.5e6:
                took = time.monotonic() - start
            time.sleep(0.5)
    tap.note(f'{up}; kbit/s: {[round(bps / 1000) for bps in seen]}')
    tap.check(took is not None, f'after 25 s: {up}')
    tap.note(f'1.5 Mbit/s after {took:.1f} s')


def test_a_publisher_may_soon_send_as_much_as_the_way_takes():
    lab.when_calm(publish_720p)


if __name__ == '__main__':
    tap.main(globals())
