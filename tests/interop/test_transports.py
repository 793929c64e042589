#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Offers without BUNDLE, and without rtcp-mux: each m-line has a transport of its
own, and RTCP a component. Kurento's cases 12 and 13, by stock far ends."""
import json
import re
import time

import lab
lab.enter()

import farbin  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402
import test_endpoint as far  # noqa: E402
import test_kurento as kurento  # noqa: E402

KINDS = {'audio', 'video'}


def ufrags(sdp):
    return re.findall(r'a=ice-ufrag:(\S+)', sdp)


def both_ways(ours, theirs, offer, answer):
    tap.check('BUNDLE' not in offer + answer, f'{offer}\n{answer}')
    tap.check(len(set(ufrags(answer))) == 2, answer)
    kurento.flows(ours, KINDS)
    kurento.flows(theirs, KINDS)


@lab.calm
def test_kurento_12_mid_without_bundle_has_separate_transports():
    """webrtcbin as it is by default: bundle-policy=none."""
    with farbin.Webrtcbin(['VP8', 'OPUS'], bundle='none') as a, \
            farbin.Ours(['VP8', 'OPUS']) as b:
        offer, answer = farbin.call(a, b)
        both_ways(b, a, offer, answer)


def watch(call):
    call.page.watch()
    time.sleep(2)
    call.page.take()
    call.page.samples.clear()
    time.sleep(4)
    figures, tone = call.page.counters(), call.page.tone()
    tap.note(f'{figures}, tone {tone:.1f} dB')
    wrong = judge.plays(figures, 90)
    tap.check(wrong is None, wrong)
    tap.check(tone >= judge.TONE_DB, f'tone {tone}')
    tap.check(not call.errors(), call.errors())


def without(call, *lines):
    """The page offers, and @lines never come."""
    offer = call.page.eval('viaFar.offer()')
    for line in lines:
        tap.check(re.search(line, offer), f'no {line} in {offer}')
        offer = re.sub(line + r'\r\n', '', offer)
    answer = call.answer(offer)
    call.page.eval(f'viaFar.answer({json.dumps(answer)})')
    return answer


def transports(call):
    return call.page.eval('''viaFar.peers[0].getStats().then((s) => [...s.values()]
        .filter((v) => v.type === 'transport'))''')


def without_bundle():
    with far.Call(far.clip(), '{"bundlePolicy": "max-compat"}') as call:
        answer = without(call, 'a=group:BUNDLE.*')
        tap.check(len(set(ufrags(answer))) == 2, answer)
        watch(call)
        tap.check(len(transports(call)) == 2, transports(call))


def test_chromium_without_bundle():
    lab.when_calm(without_bundle)


def has_reports(call):
    """More than five packets came over each of the two RTCP components."""
    found = {t['id']: t for t in transports(call)}
    reports = [found[t['rtcpTransportStatsId']] for t in found.values()
               if 'rtcpTransportStatsId' in t]
    return (len(reports) == 2
            and all(t['packetsReceived'] > 5 for t in reports))


def is_reported(call):
    stats = call.endpoint.get_property('stats')     # owns what it holds
    return all(m['round-trip-time-us'] > 0 for m in stats['media'])


def without_mux():
    with far.Call(far.clip(), '{"bundlePolicy": "max-compat", '
                              '"rtcpMuxPolicy": "negotiate"}') as call:
        answer = without(call, 'a=group:BUNDLE.*', 'a=rtcp-mux')
        tap.check('rtcp-mux' not in answer
                  and re.search(r'a=candidate:\S+ 2 ', answer), answer)
        watch(call)
        end = time.monotonic() + 30     # reports come when they like
        while not (has_reports(call) and is_reported(call)) \
                and time.monotonic() < end:
            time.sleep(0.2)
        tap.check(len(transports(call)) == 4 and has_reports(call),
                  transports(call))
        # What the page reports came over them too.
        tap.check(is_reported(call),
                  call.endpoint.get_property('stats').to_string())


def test_kurento_13_without_rtcp_mux_there_are_two_components():
    lab.when_calm(without_mux)


if __name__ == '__main__':
    tap.main(globals())
