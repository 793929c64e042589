#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
"""What Kurento's own tests of its WebRTC endpoint ask for, case by case:
the number after test_ is the case. Outcomes are read at the far end."""
import re

import lab
lab.enter()

import farbin  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402

PICTURES = 60


def flows(end, kinds, n=PICTURES):
    """@end reads the picture and the tone for a while from now on."""
    for r in end.readers.values():
        r.samples.clear()
        r.audio.clear()
    end.wait_media(kinds, n, 20)
    video, tone = end.figures()
    tap.note(f'{video}, tone {tone:.1f} dB')
    if 'video' in kinds:
        wrong = judge.plays(video, n // 2)
        tap.check(wrong is None, wrong)
    if 'audio' in kinds:
        tap.check(tone >= 15, f'tone {tone:.1f} dB')
    tap.check(not end.errors(), end.errors())


def one_way(a, b, kinds):
    with a, b:
        texts = farbin.call(a, b)
        flows(b, kinds)
        return texts


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
    """webrtcbin's certificate is RSA."""
    one_way(farbin.Webrtcbin(['VP8']), farbin.Ours([]), {'video'})


def test_02_vp8_sendonly_recvonly_ecdsa():
    """Ours are ECDSA P-256."""
    one_way(farbin.Ours(['VP8']), farbin.Ours([]), {'video'})


def test_03_vp9_sendonly_recvonly():
    one_way(farbin.Ours(['VP9']), farbin.Ours([]), {'video'})


def test_05_h264_sendonly_recvonly_keeps_its_profile():
    offer, answer = one_way(farbin.Webrtcbin(['H264']), farbin.Ours([]),
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
        offer, _ = farbin.call(a, b)
        tap.check('a=sendrecv' in offer, offer)
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
    offer, answer = one_way(farbin.Ours(['OPUS']), farbin.Ours([]), {'audio'})
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


def test_12_mid_without_bundle_takes_one_line():
    """One transport is all we have: the first m-line is taken, the second
    rejected, and the first flows."""
    with farbin.Ours(['VP8', 'OPUS']) as a, farbin.Ours(['VP8', 'OPUS']) as b:
        offer = re.sub(r'a=group:BUNDLE.*\r\n', '', a.offer())
        answer = b.answer(offer)
        tap.check('m=audio 9 ' in answer and 'm=video 0 ' in answer, answer)
        a.accept(answer)
        flows(b, {'audio'})


def test_13_no_rtcp_mux_is_refused_and_said():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        offer = a.offer()
        b.play()
        refused(b, 'process-offer', offer.replace('a=rtcp-mux\r\n', ''),
                'rtcp-mux')
        answer = b.answer(offer)
        a.accept(answer)
        flows(b, {'video'})


def test_14_unsupported_media_is_rejected_and_the_rest_works():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        offer = a.offer() + ('m=text 9 UDP/TLS/RTP/SAVPF 98\r\n'
                             'c=IN IP4 0.0.0.0\r\na=mid:t\r\n'
                             'a=rtpmap:98 t140/1000\r\na=rtcp-mux\r\n')
        answer = b.answer(offer)
        tap.check('m=text 0 ' in answer, answer)
        a.accept(re.sub(r'(?s)m=text.*', '', answer))
        flows(b, {'video'})


def test_15_answers_out_of_turn_are_told_apart_and_change_nothing():
    with farbin.Ours(['VP8']) as a, farbin.Ours([]) as b:
        a.play()
        offer = a.offer()
        b.play()
        answer = b.answer(offer)
        refused(b, 'process-answer', answer, r'(?i)answer')
        a.accept(answer)
        refused(a, 'process-answer', answer, r'(?i)answer')
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
    tap.main(globals())
