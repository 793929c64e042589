#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
# in pairs
"""What Kurento's own tests of its WebRTC endpoint ask for, case by case:
the number after test_ is the case (12 and 13 are in test_transports.py).
Outcomes are read at the far end."""
import functools
import os
import re
import subprocess
import sys
import tempfile
import time

import lab
lab.enter()

sys.path.append(os.path.join(lab.TOP, 'tests', 'netlab'))
import farbin  # noqa: E402
import judge  # noqa: E402
import network  # noqa: E402
import tap  # noqa: E402
from farbin import Gst  # noqa: E402

PICTURES = 60 if lab.IS_LONG else 40
BUFFERS = 100   # Kurento waits for so many


def flows(end, kinds, n=PICTURES):
    """@end reads the picture and the tone for a while from now on."""
    end.forget()
    end.wait_media(kinds, n, 20)
    video, tone = end.figures()
    tap.note(f'{video}, tone {tone:.1f} dB')
    if 'video' in kinds:
        wrong = judge.plays(video, n // 2)
        tap.check(wrong is None, wrong)
    if 'audio' in kinds:
        tap.check(tone >= 15, f'tone {tone:.1f} dB')
    tap.check(not end.errors(), end.errors())


def send_only(a, b, kinds, n=PICTURES):
    """@a offers to send only; (offer, answer)."""
    with a, b:
        offer = re.sub(r'a=(sendrecv|recvonly)', 'a=sendonly', a.offer())
        answer = b.answer(offer)
        tap.check(re.findall(r'a=(sendrecv|sendonly|recvonly|inactive)', answer)
                  == ['recvonly'] * len(kinds), answer)
        a.accept(answer)
        flows(b, kinds, n)
        return offer, answer


def certificate(kind, folder):
    """A PEM file of certificate and key, and its fingerprint as in SDP."""
    path = os.path.join(folder, f'{kind[0]}.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', *kind, '-nodes',
                    '-subj', '/CN=kurento', '-days', '2', '-keyout', path,
                    '-out', path + '.cert'], check=True, capture_output=True)
    with open(path, 'a', encoding='ascii') as f, \
            open(path + '.cert', encoding='ascii') as cert:
        f.write(cert.read())
    said = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-sha256',
                           '-fingerprint'], check=True, capture_output=True,
                          text=True).stdout
    return path, said.strip().split('=')[1]


def with_certificates(kind):
    """VP8 one way between two that prove themselves with @kind of key."""
    with tempfile.TemporaryDirectory(prefix='via-kurento-') as folder:
        path, print_ = certificate(kind, folder)
        ends = [farbin.Ours(codecs) for codecs in (['VP8'], [])]
        for end in ends:
            end.element.set_property('certificate', path)
        for text in send_only(*ends, {'video'}, BUFFERS):
            tap.check(print_ in text, f'{print_} is not in {text}')


def refused(end, action, text, rule):
    """@action fails and says @rule on the bus."""
    import gi  # noqa: F401
    from gi.repository import Gst
    bus = end.pipeline.get_bus()
    while bus.pop_filtered(Gst.MessageType.WARNING):
        pass
    tap.check(not end.element.emit(action, text), f'{action} took it')
    m = bus.timed_pop_filtered(5 * Gst.SECOND, Gst.MessageType.WARNING)
    tap.check(m is not None, f'{action} said nothing')
    said = ' '.join(str(p) for p in m.parse_warning())
    tap.note(said)
    tap.check(re.search(rule, said), f'{rule} is not in: {said}')
    return said


def test_01_vp8_sendonly_recvonly_rsa():
    with_certificates(['rsa:2048'])


def test_02_vp8_sendonly_recvonly_ecdsa():
    with_certificates(['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'])


def test_03_vp9_sendonly_recvonly():
    send_only(farbin.Ours(['VP9']), farbin.Ours([]), {'video'}, BUFFERS)


def test_05_h264_sendonly_recvonly_keeps_its_profile():
    offer, answer = send_only(farbin.Webrtcbin(['H264']), farbin.Ours([]),
                              {'video'})
    wanted = re.findall(r'profile-level-id=(\w+)', offer)
    tap.check(wanted and wanted == re.findall(r'profile-level-id=(\w+)',
                                              answer), f'{offer}\n{answer}')


def test_07_vp8_sendrecv():
    with farbin.Ours(['VP8']) as a, farbin.Ours(['VP8']) as b:
        farbin.call(a, b)
        flows(a, {'video'})
        flows(b, {'video'})


def test_08_vp8_sendrecv_but_sendonly():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        for text in farbin.call(a, b):
            tap.check('a=sendrecv' in text, text)
        flows(b, {'video'})
        tap.check(not a.readers, 'something came back')


def test_09_pcmu_and_pcma_with_vp8_in_one_bundle():
    with farbin.Ours(['VP8', 'PCMU']) as a, \
            farbin.Ours(['VP8', 'PCMA']) as b:
        offer, answer = farbin.call(a, b)
        tap.check(len(re.search(r'a=group:BUNDLE (.*)', answer)[1].split())
                  == 2, answer)
        flows(a, {'video', 'audio'})
        flows(b, {'video', 'audio'})
        kinds = {str(end.stats()['media'][0].get_string('codec'))
                 for end in (a, b)}
        tap.check(kinds == {'PCMU', 'PCMA'}, kinds)


def test_10_opus_fec_and_stereo():
    offer, answer = send_only(farbin.Ours(['OPUS']), farbin.Ours([]),
                              {'audio'})
    for text in (offer, answer):
        fmtp = re.search(r'a=fmtp:111 (.*)', text)[1]
        tap.check('useinbandfec=1' in fmtp and 'stereo=1' in fmtp, fmtp)


def without_audio_codecs(offer):
    """@offer with a codec nobody has in place of its audio codecs."""
    head, *lines = re.split(r'(?m)^(?=m=)', offer)
    return head + ''.join(
        re.sub(r'(?m)^a=(rtpmap|fmtp|rtcp-fb):.*\r\n', '',
               re.sub(r'^(m=audio \S+ \S+) .*', r'\1 118\r', line)) +
        'a=rtpmap:118 EVRC/8000\r\n' if line.startswith('m=audio') else line
        for line in lines)


def test_11_offerer_pcmu_vp8_answerer_vp8():
    with farbin.Ours(['PCMU', 'VP8']) as a, farbin.Ours(['VP8']) as b:
        answer = b.answer(without_audio_codecs(a.offer()))
        tap.check('m=audio 0 ' in answer and 'm=video 9 ' in answer, answer)
        a.accept(answer)
        flows(b, {'video'})
        flows(a, {'video'})
        tap.check('audio' not in b.readers, 'audio came')


def test_14_unsupported_media_is_rejected_and_the_rest_works():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        offer = a.offer() + ('m=text 9 UDP/TLS/RTP/SAVPF 98\r\n'
                             'c=IN IP4 0.0.0.0\r\na=mid:t\r\n'
                             'a=rtpmap:98 t140/1000\r\na=rtcp-mux\r\n')
        answer = b.answer(offer)
        tap.check('m=text 0 ' in answer, answer)
        a.accept(re.sub(r'(?s)m=text.*', '', answer))
        flows(b, {'video'})


def what(said):
    """The message of @said, without who says it and where."""
    return said[said.index('SDP'):].split('(')[0]


def test_15_answers_out_of_turn_are_told_apart_and_change_nothing():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        a.play()
        offer = a.offer()
        b.play()
        answer = b.answer(offer)
        unasked = refused(b, 'process-answer', answer, r'(?i)answer')
        a.accept(answer)
        twice = refused(a, 'process-answer', answer, r'(?i)answer')
        tap.check(what(unasked) != what(twice), f'{unasked} is {twice}')
        # A second offer is no mistake: it is answered, with the same media.
        again = b.emit('process-offer', offer)
        tap.check(re.findall('(?m)^m=.*', again)
                  == re.findall('(?m)^m=.*', answer), again)
        flows(b, {'video'})


def test_16_garbage_is_refused_and_the_endpoint_goes_on():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        b.play()
        for text in ('', 'hello', 'v=0\r\n', 'v=0\r\n' * 5000, '\x00\xff' * 9):
            refused(b, 'process-offer', text, 'SDP')
        offer = a.offer()
        refused(b, 'process-offer', offer[:len(offer) // 3], 'SDP')
        a.accept(b.answer(offer))
        flows(b, {'video'})


# --- 17 to 20, 22 to 24, 26 and 29: tests/elements/test_transport.c; 25:
# tests/core/ice/test_turnurl.c, test_relay.py ---

def test_21_a_stun_server_gives_a_reflexive_candidate():
    with lab.Stun() as stun, farbin.Ours([]) as a:
        a.element.set_property('stun-server', f'{lab.ADDRESS}:{stun.port}')
        offer = a.offer()
    reflexive = re.findall(r'a=candidate:.* typ srflx.*', offer)
    tap.note(f'{reflexive}, asked {stun.asked} times')
    tap.check(stun.asked > 0, 'the server was not asked')
    tap.check(any(f' {stun.ADDRESS} 41234 ' in c and f'raddr {lab.ADDRESS} ' in c
                  for c in reflexive), offer)


def test_28_gathering_ends_once_and_states_come_in_order():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        told = {}
        for end in a, b:
            said = told[end] = []
            end.element.connect('on-ice-candidate',
                                lambda _, m, text, to=said: to.append(text[:9]))
            end.element.connect('on-ice-gathering-done',
                                lambda _, to=said: to.append('done'))
            end.element.connect('connection-state-changed', lambda _, state,
                                to=said: to.append(state.value_nick))
        farbin.call(a, b)
        flows(b, {'video'})
    for said in told.values():
        tap.note(said)
        states = [s for s in said if s not in ('done', 'candidate')]
        tap.check(states[:2] == ['connecting', 'connected']
                  and set(states[2:]) <= {'closed', 'new'}, states)
        tap.check(said.count('done') == 1, f'done {said.count("done")} times')
        tap.check('candidate' in said and
                  'candidate' not in said[said.index('done'):], said)


def test_30_a_wrong_fingerprint_fails_and_brings_no_media():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        answer = b.answer(a.offer())
        wrong = re.sub(r'(a=fingerprint:sha-256 )(..)', lambda m: m[1] + (
            '00' if m[2] != '00' else '01'), answer)
        tap.check(wrong != answer, answer)
        a.accept(wrong)
        until_state(a, 'failed', 15)
        why = str(a.stats().get_string('failure'))
        tap.note(why)
        tap.check('fingerprint' in why or 'certificate' in why, why)
        sent = [m.get_value('packets-sent') for m in a.stats()['media']]
        tap.check(sent == [0] and not b.readers, f'{sent} packets were sent')


def until_state(end, state, seconds):
    """Seconds it took."""
    start = time.monotonic()
    while end.state() != state:
        took = time.monotonic() - start
        tap.check(took < seconds, f'{end.state()}, not {state}')
        time.sleep(0.02)
    return time.monotonic() - start


def sockets():
    """UDP sockets of this network namespace."""
    n = 0
    for name in 'udp', 'udp6':
        with open(f'/proc/net/{name}', encoding='ascii') as f:
            n += len(f.readlines()) - 1
    return n


def test_31_a_peer_that_vanishes_fails_and_stopping_is_clean():
    before = sockets()
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        farbin.call(a, b)
        flows(b, {'video'})
        network.lose(100)
        try:
            took = until_state(b, 'failed', 15)
            tap.note(f'failed after {took:.1f} s')
            tap.check(took <= 12, f'failed after {took:.1f} s')
        finally:
            network.lose_nothing()
        during, start = sockets(), time.monotonic()
        b.pipeline.set_state(Gst.State.NULL)
        took = time.monotonic() - start
        tap.check(took < 1, f'stopping took {took:.1f} s')
    end = time.monotonic() + 20
    while (after := sockets()) > before and time.monotonic() < end:
        time.sleep(0.05)
    tap.note(f'sockets {before} → {during} → {after}')
    tap.check(during > before, 'there were no sockets')
    tap.check(after <= before, f'{after - before} sockets stayed')


def test_32_an_ice_restart_keeps_the_media():
    def ufrags(sdp):
        return set(re.findall(r'a=ice-ufrag:(.*?)\s', sdp))
    with farbin.Ours(['VP8']) as a, farbin.Ours(['VP8']) as b:
        offer, answer = farbin.call(a, b)
        flows(a, {'video'})
        tap.check(a.element.emit('restart-ice'), a.errors())
        again = a.emit('generate-offer')
        reply = b.emit('process-offer', again)
        a.accept(reply)
        for old, new in (offer, again), (answer, reply):
            tap.check(not ufrags(old) & ufrags(new), f'{old}\n{new}')
        for end in a, b:
            flows(end, {'video'})
            handshakes = end.stats().get_value('dtls-handshakes')
            tap.check(handshakes == 1, f'{handshakes} handshakes')


def test_33_video_is_added_and_removed_again():
    with farbin.Ours(['OPUS']) as a, farbin.Ours([]) as b:
        farbin.call(a, b)
        flows(b, {'audio'})
        a.feed('VP8', 96, 'video_sink_%u')
        a.painter.start()
        offer = a.emit('generate-offer')
        tap.check('m=video 9 ' in offer, offer)
        a.accept(b.emit('process-offer', offer))
        flows(b, {'audio', 'video'})
        pad = a.element.get_static_pad('video_sink_0')
        a.painter.ends.set()
        pad.get_peer().unlink(pad)
        a.element.release_request_pad(pad)
        offer = a.emit('generate-offer')
        a.accept(b.emit('process-offer', offer))
        tap.check(re.search(r'm=video 0 |m=video 9 (?s:.*)'
                            r'a=(recvonly|inactive)', offer), offer)
        flows(b, {'audio'})


if __name__ == '__main__':
    tap.main({name: functools.partial(lab.when_calm, case)
              if name.startswith('test_') else case
              for name, case in globals().items()})
