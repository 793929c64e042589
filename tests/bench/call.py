#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one endpoint of a bundled audio and video call, both ways, costs: ours
against webrtcbin in the same run. Each kind has a process of its own with PAIRS
pairs that call each other; what the sources alone cost is taken off.

Threads, descriptors, elements and memory are per endpoint; CPU is from the
packet at a sink pad to the packet at the other's source pad.
"""
import json
import os
import resource
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
# The source tree, wherever this runs from.
TOP = HERE
while not os.path.exists(os.path.join(TOP, 'tests', 'interop', 'farbin.py')):
    TOP = os.path.dirname(TOP)
sys.path[:0] = [os.path.join(TOP, 'tests', d) for d in ('interop', 'support')]
PAIRS, SECONDS = 4, 8
MAX_DESCRIPTORS = 8
SOURCES = (
    'audiotestsrc is-live=true samplesperbuffer=960 ! '
    'audio/x-raw,rate=48000,channels=2 ! opusenc ! '
    'tee name=a allow-not-linked=true  '
    'videotestsrc is-live=true pattern=snow ! '
    'video/x-raw,width=320,height=180,framerate=30/1 ! vp8enc deadline=1 '
    'cpu-used=16 target-bitrate=2000000 end-usage=cbr keyframe-max-dist=60 ! '
    'tee name=v allow-not-linked=true  ')
ROWS = (('threads', 'threads', ''), ('descriptors', 'fds', ''),
        ('elements', 'elements', ''), ('memory', 'rss', 'MB'),
        ('CPU per packet, send to receive', 'cpu', 'µs'),
        ('offer to connected', 'connected', 'ms'),
        ('offer to first pad', 'pad', 'ms'))


def usage():
    with open('/proc/self/statm', encoding='ascii') as f:
        pages = int(f.read().split()[1])
    r = resource.getrusage(resource.RUSAGE_SELF)
    return {'threads': len(os.listdir('/proc/self/task')),
            'fds': len(os.listdir('/proc/self/fd')),
            'rss': pages * resource.getpagesize() / 1e6,
            'cpu': r.ru_utime + r.ru_stime}


def child(kind):
    import lab
    import farbin
    from gi.repository import Gst
    # one IPv4 and one IPv6 address
    subprocess.run('ip addr add 2001:db8::2/64 dev via0 nodad'.split(),
                   check=True)
    Gst.init(None)
    pipeline = Gst.parse_launch(SOURCES)
    base = {'ours': farbin.Ours, 'webrtcbin': farbin.Webrtcbin,
            'none': None}[kind]
    del lab

    # A payloader each: webrtcbin keeps its SSRC.
    def branch(tee, payloader):
        part = Gst.parse_bin_from_description(
            f'queue leaky=downstream ! {payloader}', True)
        pipeline.add(part)
        pipeline.get_by_name(tee).link(part)
        return part

    def to_fakesink(pad):
        sink = Gst.parse_bin_from_description(
            'capsfilter caps=application/x-rtp ! '
            'fakesink sync=false async=false name=end', True)
        pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad('sink'))
        return sink.get_by_name('end')

    ends, sinks, first_pad = [], [], {}
    if base:
        class End(base):
            def on_pad(self, _, pad):
                if pad.get_direction() == Gst.PadDirection.SRC:
                    first_pad.setdefault(self, time.monotonic())
                    sinks.append(to_fakesink(pad))
    for _ in range(2 * PAIRS):
        parts = (branch('a', 'rtpopuspay pt=111'),
                 branch('v', 'rtpvp8pay pt=96 picture-id-mode=15-bit'))
        if not base:
            for part in parts:
                to_fakesink(part.get_static_pad('src'))
            continue
        end = End([], pipeline=pipeline)
        for part, name in zip(parts, ('audio', 'video')):
            pad = end.element.request_pad_simple(
                f'{name}_sink_%u' if kind == 'ours' else 'sink_%u')
            part.get_static_pad('src').link(pad)
        ends.append(end)
    pipeline.set_state(Gst.State.PLAYING)
    time.sleep(1)
    connected, pads = [], []
    for i in range(0, len(ends), 2):
        start = time.monotonic()
        farbin.call(ends[i], ends[i + 1])
        connected.append(time.monotonic() - start)
        while ends[i + 1] not in first_pad:
            if time.monotonic() - start > 15:
                raise RuntimeError(f'no pad: {ends[i].errors()}')
            time.sleep(0.002)
        pads.append(first_pad[ends[i + 1]] - start)
    time.sleep(3)

    def packets():
        return sum(s.get_property('stats').get_uint64('rendered')[1]
                   for s in sinks)
    before, n = usage(), packets()
    time.sleep(SECONDS)
    after, n = usage(), packets() - n
    elements = 0
    for end in ends:
        it = end.element.iterate_recurse()
        while it.next()[0] == Gst.IteratorResult.OK:
            elements += 1
        elements += 1
    after.update(cpu=after['cpu'] - before['cpu'], packets=n,
                 elements=elements)
    if ends:
        after.update(connected=1000 * sorted(connected)[len(connected) // 2],
                     pad=1000 * sorted(pads)[len(pads) // 2])
    print(json.dumps(after), flush=True)
    os._exit(0)


def main():
    plugin = os.path.realpath(os.path.join(HERE, '..', '..', 'gst'))
    if not os.path.exists(os.path.join(plugin, 'libgstvia.so')):
        plugin = os.path.join(TOP, 'build', 'gst')
    got = {}
    for kind in ('none', 'webrtcbin', 'ours'):
        p = subprocess.run(
            [os.path.join(TOP, 'tests', 'support', 'netns.sh'), sys.executable,
             os.path.realpath(__file__), kind], stdout=subprocess.PIPE,
            env={**os.environ, 'VIA_BENCH_PLUGIN': plugin}, timeout=180,
            check=True)
        got[kind] = json.loads(p.stdout)
    n, none = 2 * PAIRS, got['none']
    for g in (got['webrtcbin'], got['ours']):
        for key in ('threads', 'fds', 'rss'):
            g[key] = (g[key] - none[key]) / n
        g['elements'] /= n
        g['cpu'] = 1e6 * (g['cpu'] - none['cpu']) / max(g['packets'], 1)
    print(f'{"per endpoint":34} {"webrtcbin":>10} {"ours":>10}  ratio')
    for text, key, unit in ROWS:
        theirs, ours = got['webrtcbin'][key], got['ours'][key]
        ratio = f'{ours / theirs:.2f}' if theirs > 0 else '-'
        print(f'{text + (" (" + unit + ")" if unit else ""):34} '
              f'{theirs:10.1f} {ours:10.1f}  {ratio}')
    if got['ours']['fds'] > MAX_DESCRIPTORS:
        sys.exit(f'more than {MAX_DESCRIPTORS} descriptors per endpoint')
    print(f'packets received: webrtcbin {got["webrtcbin"]["packets"]}, '
          f'ours {got["ours"]["packets"]}')


if __name__ == '__main__':
    if len(sys.argv) > 1:
        import lab as _lab  # noqa: F401  (its plugin path, then ours)
        os.environ['GST_PLUGIN_PATH'] = os.environ['VIA_BENCH_PLUGIN']
        os.environ['GST_REGISTRY'] = os.path.join(
            os.environ['VIA_BENCH_PLUGIN'], '..', 'registry.bin')
        child(sys.argv[1])
    main()
