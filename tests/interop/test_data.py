#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
"""Data channels with Chromium: what is sent is what arrives, byte for byte, on
both sides. test_NN is the case of Kurento's tests that it answers."""
import json
import os
import threading
import time

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402
import gi  # noqa: E402
gi.require_version('Gst', '1.0')
from gi.repository import GLib, Gst  # noqa: E402

# In the page: channels by label, what each got, an echo where it is asked for.
PAGE = """
(() => {
  const far = window.far = { channels: {}, got: {}, states: {} };
  const pc = far.pc = new RTCPeerConnection();
  const copy = (data) => typeof data === 'string' ? 's:' + data
    : 'b:' + Array.from(new Uint8Array(data)).join(',');
  far.keep = (channel) => {
    const label = channel.label;
    channel.binaryType = 'arraybuffer';
    far.channels[label] = channel;
    far.got[label] = [];
    channel.onmessage = (e) => {
      if (far.echo) channel.send(e.data);
      far.got[label].push(far.raw ? e.data : copy(e.data));
    };
    channel.onclose = () => { far.states[label] = 'closed'; };
    channel.onopen = () => { far.states[label] = 'open'; };
    if (channel.readyState === 'open') far.states[label] = 'open';
    return channel;
  };
  pc.ondatachannel = (e) => far.keep(e.channel);
  far.until = async (condition, ms = 40000) => {
    for (const end = performance.now() + ms; !condition();) {
      if (performance.now() > end) return false;
      await new Promise((r) => setTimeout(r, 5));
    }
    return true;
  };
  far.offer = async () => {
    await pc.setLocalDescription();
    await far.until(() => pc.iceGatheringState === 'complete');
    return pc.localDescription.sdp;
  };
  far.take = async (sdp) => {
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription();
    await far.until(() => pc.iceGatheringState === 'complete');
    return pc.localDescription.sdp;
  };
  // How many bytes of @parts are as pattern () makes them, from the start.
  far.same = (parts, seed) => {
    let n = 0;
    for (const part of parts)
      for (const byte of new Uint8Array(part)) {
        if (byte !== (((n % 65521) * 31 + seed) & 255)) return n;
        n++;
      }
    return n;
  };
})()
"""


class Call:
    """A webrtcendpoint and a page; channels are made before connect ()."""

    def __init__(self, line='', options=''):
        Gst.init(None)
        self.pipeline = Gst.parse_launch(
            f'webrtcendpoint name=e {options} {line} fakesrc num-buffers=1 ! fakesink')
        self.e = self.pipeline.get_by_name('e')
        self.gathered = threading.Event()
        self.opened, self.closed, self.got = {}, {}, {}
        self.changed = threading.Condition()
        self.e.connect('on-ice-gathering-done', lambda *_: self.gathered.set())
        self.e.connect('data-channel-opened', self.note, self.opened)
        self.e.connect('data-channel-closed', self.note, self.closed)
        self.e.connect('data-received', self.receive)

    def note(self, _e, number, channel, where):
        with self.changed:
            where.setdefault(channel['label'], []).append((number,
                                                              channel.copy()))
            self.changed.notify_all()

    def receive(self, _e, number, is_text, data):
        with self.changed:
            self.got.setdefault(number, []).append((is_text, data.get_data()))
            self.changed.notify_all()

    def __enter__(self):
        self.browser = chromium.Browser()
        self.page = self.browser.open('about:blank')
        self.page.eval(PAGE)
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.pipeline.set_state(Gst.State.NULL)

    def until(self, condition, what, seconds=40):
        with self.changed:
            tap.check(self.changed.wait_for(condition, seconds),
                      f'{what}: not within {seconds} s; opened {self.opened}')

    def gather(self):
        self.e.emit('gather-candidates')
        tap.check(self.gathered.wait(30), 'gathering does not end')
        return self.e.get_property('local-description')

    def connect(self, we_offer=False):
        """Returns (offer, answer)."""
        if we_offer:
            tap.check(self.e.emit('generate-offer'), 'no offer')
            offer = self.gather()
            answer = self.page.eval(f'far.take({json.dumps(offer)})')
            tap.check(self.e.emit('process-answer', answer), answer)
            return offer, answer
        offer = self.page.eval('far.offer()')
        tap.check(self.e.emit('process-offer', offer), 'no answer')
        answer = self.gather()
        self.page.eval("far.pc.setRemoteDescription("
                       f"{{type: 'answer', sdp: {json.dumps(answer)}}})")
        return offer, answer

    def stats(self, number):
        everything = self.e.get_property('stats')
        channels = everything['data-channels']
        return channels[f'channel-{number}'].copy()

    def create(self, label, options=None):
        number = self.e.emit('create-data-channel', label, options and
                             Gst.Structure.new_from_string(options))
        tap.check(number >= 0, f'create-data-channel {label} {options}')
        return number

    def page_until(self, condition, ms=40000):
        tap.check(self.page.eval(f'far.until(() => {condition}, {ms})',
                                 ms / 1000 + 20),
                  f'the page waits for {condition}; has '
                  + self.page.eval('JSON.stringify([far.states, far.got])'
                                   )[:2000])


def test_34_data_channel_echo_text_and_binary():
    """The page opens; ours answers and echoes, both kinds and empty ones."""
    with Call() as c:
        c.page.eval("far.keep(far.pc.createDataChannel('echo', "
                    "{protocol: 'p'})); 1")
        offer, answer = c.connect()
        tap.check('m=application 9 UDP/DTLS/SCTP webrtc-datachannel' in answer
                  and 'a=max-message-size:262144' in answer, answer)
        c.until(lambda: 'echo' in c.opened, 'the channel opens')
        number, channel = c.opened['echo'][0]
        tap.check(channel['protocol'] == 'p' and channel['ordered']
                  and not channel['is-ours'], channel.to_string())
        c.page_until("far.states.echo === 'open'")
        c.page.eval("far.channels.echo.send('hé'); "
                    "far.channels.echo.send(new Uint8Array([0, 255, 7])); "
                    "far.channels.echo.send(''); "
                    "far.channels.echo.send(new Uint8Array([])); 1")
        c.until(lambda: len(c.got.get(number, ())) == 4, 'four messages')
        tap.check(c.got[number] == [(True, 'hé'.encode()), (False, b'\0\xff\7'),
                                    (True, b''), (False, b'')], c.got)
        c.e.emit('send-string', number, 'zurück')
        c.e.emit('send-data', number, GLib.Bytes.new(b'\1\0\2'))
        c.e.emit('send-string', number, '')
        c.e.emit('send-data', number, GLib.Bytes.new(b''))
        c.page_until('far.got.echo.length === 4')
        got = c.page.eval('far.got.echo')
        tap.check(got == ['s:zurück', 'b:1,0,2', 's:', 'b:'], got)
        stats = c.stats(0)
        tap.check((stats['messagesSent'], stats['bytesReceived'],
                   stats['state'], stats['dataChannelIdentifier'] % 2)
                  == (4, 6, 'open', 0), stats.to_string())


def test_34_data_channel_kinds_are_what_was_asked_for():
    """Ours offers: ordered or not, lifetime, retransmissions, negotiated."""
    with Call() as c:
        kinds = {'plain': None,
                 'late': 'o,ordered=false',
                 'tries': 'o,max-retransmits=3,protocol=q',
                 'time': 'o,ordered=false,max-packet-lifetime=500',
                 'agreed': 'o,negotiated=true,id=700'}
        numbers = {label: c.create(label, options)
                   for label, options in kinds.items()}
        c.page.eval("far.keep(far.pc.createDataChannel('agreed', "
                    "{negotiated: true, id: 700})); 1")
        offer, _answer = c.connect(we_offer=True)
        tap.check('m=audio' not in offer and 'm=application' in offer, offer)
        c.until(lambda: len(c.opened) == 5, 'five channels open')
        c.page_until('Object.keys(far.channels).length === 5')
        got = c.page.eval(
            "Object.fromEntries(Object.entries(far.channels).map(([l, c]) => "
            "[l, [c.ordered, c.maxRetransmits, c.maxPacketLifeTime, "
            "c.protocol, c.id]]))")
        tap.check(got.pop('agreed')[4] == 700, got)
        ids = [v.pop() for v in got.values()]
        tap.check(got == {'plain': [True, None, None, ''],
                          'late': [False, None, None, ''],
                          'tries': [True, 3, None, 'q'],
                          'time': [False, None, 500, '']}, got)
        # The page answers a=setup:active: ours is the DTLS server, odd.
        tap.check(sorted(ids) == [1, 3, 5, 7], ids)
        for label, number in numbers.items():
            c.e.emit('send-string', number, 'to ' + label)
        c.page_until("Object.values(far.got).every(g => g.length === 1)")
        got = c.page.eval('far.got')
        tap.check(got == {k: ['s:to ' + k] for k in kinds}, got)


def test_35_hundred_channels_carry_ten_thousand_messages_each_way():
    each = 100
    with Call() as c:
        c.page.eval("""(() => {
          for (let i = 0; i < 50; i++)
            far.keep(far.pc.createDataChannel('page' + i)); return 1; })()""")
        ours = {f'ours{i}': c.create(f'ours{i}') for i in range(50)}
        c.connect()
        c.until(lambda: len(c.opened) == 100, '100 channels open')
        c.page_until("Object.values(far.states).filter(s => s === 'open')"
                     ".length === 100")
        numbers = {label: c.opened[label][0][0] for label in c.opened}
        tap.check(len(set(numbers.values())) == 100
                  and all(numbers[label] == n for label, n in ours.items()),
                  numbers)
        began = time.monotonic()
        c.page.eval(f"""(() => {{
          for (let i = 0; i < {each}; i++)
            for (const [label, channel] of Object.entries(far.channels))
              channel.send(label + ' ' + i); return 1; }})()""")
        for i in range(each):
            for label, number in numbers.items():
                tap.check(c.e.emit('send-string', number, f'{label} {i}'),
                          f'{label} {i}')
        c.until(lambda: sum(map(len, c.got.values())) == 100 * each,
                'all messages', 60)
        c.page_until(f"Object.values(far.got).every(g => g.length === {each})",
                     60000)
        tap.note(f'{2 * 100 * each} messages on 100 channels in '
                 f'{time.monotonic() - began:.1f} s')
        for label, number in numbers.items():
            wanted = [(True, f'{label} {i}'.encode()) for i in range(each)]
            tap.check(c.got[number] == wanted, f'{label}: {c.got[number][:5]}')
        got = c.page.eval('far.got')
        for label in numbers:
            wanted = [f's:{label} {i}' for i in range(each)]
            tap.check(got[label] == wanted, f'{label}: {got[label][:5]}')


def test_36_closed_channel_is_told_on_both_sides_and_its_id_is_used_again():
    with Call() as c:
        first = c.create('first')
        c.page.eval("far.keep(far.pc.createDataChannel('theirs')); 1")
        c.connect()
        c.until(lambda: len(c.opened) == 2, 'two channels')
        c.page_until("far.states.first === 'open' "
                     "&& far.states.theirs === 'open'")
        c.e.emit('send-string', first, 'last')
        tap.check(c.e.emit('close-data-channel', first), 'it does not close')
        c.until(lambda: 'first' in c.closed, 'ours closes')
        c.page_until("far.states.first === 'closed'")
        tap.check(c.page.eval('far.got.first') == ['s:last'], 'the last word')
        c.page.eval('far.channels.theirs.close(); 1')
        c.until(lambda: 'theirs' in c.closed, 'theirs closes')
        c.page_until("far.states.theirs === 'closed'")
        tap.check(not c.e.emit('close-data-channel', first), 'closed twice')
        stream = c.opened['first'][0][1]['stream']
        again = c.create('again')
        c.until(lambda: 'again' in c.opened, 'a new one opens')
        tap.check(again == first and c.opened['again'][0][1]['stream'] == stream,
                  f'{again} {c.opened["again"][0][1].to_string()}')
        c.page_until("far.states.again === 'open'")
        c.e.emit('send-string', again, 'new')
        c.page_until("far.got.again.length === 1")
        tap.check(c.page.eval('far.got.again') == ['s:new'], 'on the new one')


def pattern(n, seed):
    block = bytes((i * 31 + seed) & 255 for i in range(65521))
    return (block * (n // len(block) + 1))[:n]


def test_longest_messages_are_byte_exact_both_ways():
    with Call() as c:
        c.page.eval("far.raw = far.echo = true; "
                    "far.keep(far.pc.createDataChannel('big')); 1")
        c.connect()
        c.until(lambda: 'big' in c.opened, 'it opens')
        number = c.opened['big'][0][0]
        sent = [pattern(262144, i) for i in range(4)] + [pattern(262143, 9)]
        for data in sent:
            tap.check(c.e.emit('send-data', number, GLib.Bytes.new(data)),
                      'refused')
        tap.check(not c.e.emit('send-data', number,
                               GLib.Bytes.new(pattern(262145, 0))), 'too long')
        c.until(lambda: len(c.got.get(number, ())) == 5, 'the echo')
        for i, data in enumerate(sent):
            tap.check(c.got[number][i] == (False, data), f'message {i} differs')


def test_file_of_20_mb_goes_both_ways_at_50_mbit():
    size, piece = 20_000_000, 65536
    data = pattern(size, 5)
    with Call() as c:
        c.page.eval("far.raw = true; "
                    "far.keep(far.pc.createDataChannel('file')); 1")
        c.connect()
        c.until(lambda: 'file' in c.opened, 'it opens')
        number = c.opened['file'][0][0]
        began = time.monotonic()
        for at in range(0, size, piece):
            while c.e.emit('get-buffered-amount', number) > 4 << 20:
                time.sleep(0.002)
            c.e.emit('send-data', number, GLib.Bytes.new(data[at:at + piece]))
        n = -(-size // piece)
        c.page_until(f'far.got.file.length === {n}', 60000)
        to_page = size * 8e-6 / (time.monotonic() - began)
        same = c.page.eval('far.same(far.got.file, 5)')
        tap.check(same == size, f'only {same} bytes of the file are right')
        began = time.monotonic()
        c.page.eval("""(async () => {
          const ch = far.channels.file;
          for (const part of far.got.file) {
            await far.until(() => ch.bufferedAmount < 4 << 20);
            ch.send(part);
          } return 1; })()""")
        c.until(lambda: len(c.got.get(number, ())) == n, 'it comes back', 60)
        back = size * 8e-6 / (time.monotonic() - began)
        tap.note(f'{to_page:.0f} Mb/s to the page, {back:.0f} Mb/s back')
        tap.check(b''.join(d for _t, d in c.got[number]) == data, 'differs')
        if lab.IS_LONG:     # a figure needs the machine for itself
            tap.check(min(to_page, back) >= 50, f'{to_page:.0f}, {back:.0f}')


def test_pads_carry_a_file_to_the_page_and_what_it_says_to_a_file():
    size = 3_000_000
    os.makedirs(lab.DATA, exist_ok=True)
    with open(f'{lab.DATA}/data-in', 'wb') as f:
        f.write(pattern(size, 5))
    out = f'{lab.DATA}/data-out'
    with Call(line=f'filesrc location={lab.DATA}/data-in blocksize=60000 ! '
              'application/x-via-data,label=file ! e.data_sink_0 '
              f'e.data_src_1 ! filesink location={out} sync=false ') as c:
        c.page.eval("far.raw = true; "
                    "far.keep(far.pc.createDataChannel('back')); 1")
        c.connect()
        c.page_until("far.states.file === 'closed'")  # the end of the file
        same = c.page.eval('far.same(far.got.file, 5)')
        tap.check(same == size, f'{same} bytes of {size} are right')
        c.until(lambda: 'back' in c.opened, 'back opens')
        tap.check(c.opened['back'][0][0] == 1, c.opened)
        c.page.eval("far.got.file.forEach(p => far.channels.back.send(p)); "
                    "far.channels.back.send('the end'); "
                    "far.channels.back.close(); 1")
        c.until(lambda: 'back' in c.closed, 'the page closes')
        m = c.pipeline.get_bus().timed_pop_filtered(
            30 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        tap.check(m and m.type == Gst.MessageType.EOS, 'no EOS')
    with open(out, 'rb') as f:
        tap.check(f.read() == pattern(size, 5) + b'the end', 'it differs')


def test_channels_are_added_to_a_running_call():
    with Call(line='audiotestsrc is-live=true ! opusenc ! e.audio_sink_0 ') as c:
        needed = threading.Event()
        c.e.connect('on-negotiation-needed', lambda *_: needed.set())
        offer, _answer = c.connect(we_offer=True)
        tap.check('m=application' not in offer, offer)
        c.page_until("far.pc.connectionState === 'connected'")
        number = c.create('later')
        tap.check(needed.wait(20), 'no on-negotiation-needed')
        offer = c.e.emit('generate-offer')
        tap.check(offer.count('m=application') == 1, offer)
        answer = c.page.eval(f'far.take({json.dumps(offer)})')
        tap.check(c.e.emit('process-answer', answer), answer)
        c.until(lambda: 'later' in c.opened, 'it opens')
        c.e.emit('send-string', number, 'hello')
        c.page_until("(far.got.later || []).length === 1")


def test_in_a_hub_all_others_hear_or_whom_a_text_means():
    with Call(line='hub name=room webrtcendpoint name=f hub=room app-data=Bob ',
              options='hub=room app-data=Alice') as c:
        room, f = (c.pipeline.get_by_name(n) for n in ('room', 'f'))
        bob = c.browser.open('about:blank')
        bob.eval(PAGE)
        for page in c.page, bob:
            page.eval("far.keep(far.pc.createDataChannel('chat')); 1")
        c.connect()
        done = threading.Event()
        f.connect('on-ice-gathering-done', lambda *_: done.set())
        tap.check(f.emit('process-offer', bob.eval('far.offer()')), 'no answer')
        f.emit('gather-candidates')
        tap.check(done.wait(30), 'gathering does not end')
        answer = f.get_property('local-description')
        bob.eval("far.pc.setRemoteDescription("
                 f"{{type: 'answer', sdp: {json.dumps(answer)}}})")
        open_both = "far.states.chat === 'open'"
        c.page_until(open_both)
        tap.check(bob.eval(f'far.until(() => {open_both})'), 'Bob is not there')
        c.page.eval("far.channels.chat.send('from Alice'); 1")
        tap.check(bob.eval('far.until(() => far.got.chat.length === 1)'),
                  'Bob hears nothing')
        tap.check(room.emit('send-string', 'Bob', 'chat', 'for Bob') == 1, 'one')
        tap.check(room.emit('send-string', None, 'news', 'for all') == 2, 'all')
        tap.check(room.emit('send-string', 'Carol', 'chat', 'lost') == 0, 'none')
        for page in c.page, bob:
            tap.check(page.eval('far.until(() => (far.got.news || []).length)'),
                      'nothing new')
        tap.check(bob.eval('far.got') == {
            'chat': ['s:from Alice', 's:for Bob'], 'news': ['s:for all']},
            bob.eval('far.got'))
        tap.check(c.page.eval('far.got') == {'chat': [], 'news': ['s:for all']},
                  c.page.eval('far.got'))


def speak(browser, url, labels):
    """A page that watches the server at @url, its channels of @labels open."""
    page = browser.open(f'{url}/watch')
    page.eval(PAGE)
    page.eval("far.pc.addTransceiver('video', {direction: 'recvonly'}); "
              f"{labels}.forEach(l => far.keep(far.pc.createDataChannel(l))); 1")
    status = page.eval(f"""(async () => {{
      const r = await fetch('{url}/whep', {{ method: 'POST',
        body: await far.offer(),
        headers: {{ 'Content-Type': 'application/sdp' }} }});
      await far.pc.setRemoteDescription(
        {{ type: 'answer', sdp: await r.text() }});
      return r.status; }})()""")
    tap.check(status == 201, status)
    tap.check(page.eval(f"far.until(() => {labels}.every("
                        "l => far.states[l] === 'open'))"),
              'a channel does not open')
    return page


def test_one_liner_13_a_page_speaks_to_standard_output():
    """And what is written to standard input is heard by the page."""
    port = lab.free_port()
    read, write = os.pipe()
    with lab.Launch(f'webrtcserver name=s port={port} '
                    's.data_src_0 ! fdsink '
                    'fdsrc ! application/x-via-data,label=ctl ! s.data_sink_0',
                    options=('-e', '-q'), stdin=read) as line, chromium.Browser() as browser:
        os.close(read)
        url = f'http://127.0.0.1:{port}/live'
        line.until(f'{url}/watch')
        page = speak(browser, url, ['ctl'])
        page.eval("far.channels.ctl.send('left 3\\n'); "
                  "far.channels.ctl.send('stop\\n'); 1")
        line.until_says('left 3\nstop\n')
        os.write(write, b'battery 71\n')
        tap.check(page.eval("far.until(() => far.got.ctl.length > 0)"),
                  'the page hears nothing')
        tap.check(bytes(map(int, page.eval('far.got.ctl')[0][2:].split(',')))
                  == b'battery 71\n', page.eval('far.got.ctl'))
        rc, seconds = line.interrupt()
        tap.check(rc == 0, f'{rc} after {seconds:.1f} s')
        os.close(write)


if __name__ == '__main__':
    tap.main(globals())
