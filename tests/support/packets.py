# SPDX-License-Identifier: LGPL-2.1-or-later
"""When RTP packets arrive in this network namespace, as the kernel saw them.

    with Packets() as p: …
    p.gaps(begin, end)      longest silence of each stream, milliseconds
"""
import collections
import socket
import struct
import threading
import time

ALL, OUTGOING = 3, 4            # ETH_P_ALL, PACKET_OUTGOING
TIMESTAMPNS = 35                # SO_TIMESTAMPNS of <asm/socket.h>
STEADY = 10                     # packets a second that make a stream


class Packets:
    def __init__(self):
        # (destination, SSRC) → times of arrival, seconds of Unix time
        self.streams = collections.defaultdict(list)
        self.kinds = {}         # the same → payload type
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)
        self.socket.settimeout(0.1)
        self.over = False

    def __enter__(self):
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        self.socket.close()

    def _read(self):
        while not self.over:
            try:
                data, extra, _, address = self.socket.recvmsg(128, 64)
            except TimeoutError:
                continue
            if address[2] != OUTGOING:      # on loopback each comes twice
                self._take(data, extra)

    def _take(self, data, extra):
        if data[0] >> 4 == 4 and data[9] == 17:
            start, to = (data[0] & 15) * 4, data[16:20]
        elif data[0] >> 4 == 6 and data[6] == 17:
            start, to = 40, data[24:40]
        else:
            return
        rtp = data[start + 8:]
        if len(rtp) < 12 or rtp[0] >> 6 != 2 or 192 <= rtp[1] <= 223:
            return                          # RFC 5761 §4
        port, = struct.unpack_from('>H', data, start + 2)
        ssrc, = struct.unpack_from('>I', rtp, 8)
        s, ns = struct.unpack('qq', extra[0][2])
        key = (to, port, ssrc)
        self.kinds[key] = rtp[1] & 0x7f
        self.streams[key].append(s + ns / 1e9)

    def gaps(self, begin, end, payload_types):
        """Of each stream of @payload_types that is steady in the first second
        of @begin … @end (time.time ()): its longest silence until then, ms."""
        found = {}
        for key, times in list(self.streams.items()):
            if self.kinds[key] not in payload_types:
                continue
            inside = [t for t in list(times) if begin <= t < end]
            if sum(t < begin + 1 for t in inside) < STEADY:
                continue
            edges = [*inside, end]
            found[key] = max(b - a for a, b in zip(edges, edges[1:])) * 1000
        return found


if __name__ == '__main__':
    with Packets() as packets:
        time.sleep(5)
    print(packets.gaps(time.time() - 5, time.time(), range(128)))
