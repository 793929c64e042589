#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
# in pairs
"""webrtcendpoint signaling-uri=whip://… and whep://… against a server of ours, and
one that misbehaves as other servers do. Media is counted at the far end."""
import os
import re
import subprocess
import tempfile
import threading
import time

import lab
lab.enter()

import tap  # noqa: E402
import wishmock  # noqa: E402
from wishmock import is_endpoint, value, without  # noqa: E402

REAL = 'http://127.0.0.1:8889/live'
SERVER = ('webrtcserver name=s port=8889 '
          's.video_src_0 ! fakesink name=got silent=false sync=false')
CAMERA = ('videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! '
          'webrtcendpoint name=e signaling-uri=')
SHOW = ('videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! '
        'webrtcserver name=s port=8889')
PLAYER = ('e.video_src_0 ! decodebin ! fakesink name=got silent=false sync=false '
          'webrtcendpoint name=e signaling-uri=')


def frames(launch):
    return len(re.findall(r'GstFakeSink:got: last-message = chain ',
                          launch.output()))


def until(condition, seconds, what):
    """Seconds it took until @condition() was true."""
    start = time.monotonic()
    while not condition():
        tap.check(time.monotonic() - start < seconds,
                  f'{what}: not within {seconds} s')
        time.sleep(0.05)
    return time.monotonic() - start


def more(launch, n=15, seconds=40, what='media'):
    had = frames(launch)
    return until(lambda: frames(launch) >= had + n, seconds, what)


def news(launch):
    """The states of the signaling messages, their statuses and texts."""
    return re.findall(r'signaling, state=\(string\)(\w+), status=\(uint\)(\d+), '
                      r'text=\(string\)(.*?), version',
                      launch.output().replace('\\', ''))


class Publish:
    """A camera that publishes to @uri, and the server it comes to."""

    def __init__(self, uri, more=''):
        self.uri, self.more = uri, more

    def __enter__(self):
        self.server = lab.Launch(SERVER, options=('-e', '-v')).__enter__()
        self.server.until('http://127.0.0.1:8889/live/watch')
        self.client = lab.Launch(CAMERA + self.uri + ' ' + self.more,
                                 options=('-e', '-m')).__enter__()
        return self

    def __exit__(self, *args):
        self.client.__exit__(*args)
        self.server.__exit__(*args)

    def arrives(self, seconds=40):
        return until(lambda: frames(self.server) >= 15, seconds,
                     f'pictures of the camera ({news(self.client)})')


def published(quirk, seconds=40, scheme='whip', query=''):
    """Publishes through @quirk until pictures arrive, then stops: the mock."""
    with wishmock.Mock(REAL, quirk) as mock, \
            Publish(mock.url('whip', scheme) + query) as p:
        took = p.arrives(seconds)
        tap.note(f'{type(quirk).__name__}: pictures after {took:.1f} s')
        rc, took = p.client.interrupt()
        tap.check(rc == 0, f'gst-launch gave {rc}: {p.client.output()[-2000:]}')
        mock.took, mock.news = took, news(p.client)
    return mock


def said_goodbye(mock):
    """Once, at the session: 404 if the goodbye of the media was quicker."""
    until(lambda: all(r.status for r in mock.seen('DELETE')), 20,
          'an answer to DELETE')    # who asked does not wait for ever
    gone = mock.seen('DELETE')
    return len(gone) == 1 and gone[0].status in (200, 204, 404)


# --- what others do ---

class Redirects(wishmock.Quirk):
    """Two redirects: a relative one, then an absolute one with a query."""

    def before(self, mock, request):
        if request.method != 'POST' or not is_endpoint(request):
            return None
        if request.path == '/live/whip':
            return 307, [('Location', '/live/whip?hop=1')], ''
        if request.path.endswith('hop=1'):
            return 308, [('Location', mock.url('whip') + '?hop=2&x=a%20b')], ''
        return None


def test_redirects_are_followed_and_the_session_is_where_they_end():
    mock = published(Redirects())
    tap.check([r.path for r in mock.seen('POST')]
              == ['/live/whip', '/live/whip?hop=1', '/live/whip?hop=2&x=a%20b'],
              f'{[r.path for r in mock.seen("POST")]}')
    tap.check(said_goodbye(mock), f'{mock.seen("DELETE")}')


class RelativeLocation(wishmock.Quirk):
    """Twitch, LiveKit: path only; the tag is not in quotes and not that of
    RFC 9110; DELETE is answered by 204 (broadcast-box)."""

    def before(self, mock, request):
        return None

    def bend(self, mock, request, status, headers, body):
        if request.method == 'POST':
            place = value(headers, 'location').split('/live/')[1]
            headers = without(headers, 'location', 'etag') + [
                ('Location', f'../live/{place}?k=v'), ('ETag', '9c1f00d')]
        if request.method == 'DELETE':
            status, body = 204, ''
        return status, headers, body


def test_a_relative_location_and_a_tag_without_quotes():
    mock = published(RelativeLocation())
    sent = [r.headers.get('if-match') for r in mock.seen('PATCH')]
    tap.check(all(s == '9c1f00d' for s in sent), f'If-Match {sent}')
    tap.check([r.path.endswith('?k=v') for r in mock.seen('DELETE')] == [True],
              f'{mock.seen("DELETE")}')


class NoLocation(wishmock.Quirk):
    """go2rtc: 201 without Location, and without ETag."""

    def bend(self, mock, request, status, headers, body):
        return status, without(headers, 'location', 'etag'), body


def test_a_missing_location_means_no_goodbye():
    mock = published(NoLocation())
    tap.check(not mock.seen('DELETE') and not mock.seen('PATCH'),
              f'{mock.log}')
    tap.check(any('does not say where' in n[2] for n in mock.news),
              f'{mock.news}')


class InUse(wishmock.Quirk):
    """409 with Retry-After, then 404 (MediaMTX: no stream yet), then yes."""
    wants = [(409, [('Retry-After', '2')]), (404, [])]

    def __init__(self):
        self.left = list(self.wants)

    def before(self, mock, request):
        if request.method == 'POST' and self.left:
            status, headers = self.left.pop(0)
            return status, headers, 'not now'
        return None


@lab.calm
def test_retry_after_is_waited_for():
    mock = published(InUse())
    at = [r.time for r in mock.seen('POST')]
    tap.check(len(at) == 3 and 2 <= at[1] - at[0] < 4 and at[2] - at[1] < 2,
              f'{[t - at[0] for t in at]}')
    tap.check(('retrying', '409') in [n[:2] for n in mock.news], f'{mock.news}')


class Gone(wishmock.Quirk):
    """Answers when the client is about to end."""

    def __init__(self):
        self.asked, self.ends = threading.Event(), threading.Event()

    def before(self, mock, request):
        if request.method == 'POST':
            self.asked.set()
            self.ends.wait(20)
            return 201, [('Content-Type', 'application/sdp'),
                         ('Location', '/live/whip/s1')], 'v=0\r\n'
        return 200, [], ''


def test_a_process_that_ends_leaves_no_session():
    quirk = Gone()
    with wishmock.Mock(REAL, quirk) as mock, \
            lab.Launch(CAMERA + mock.url('whip', 'whip')) as line:
        tap.check(quirk.asked.wait(20), 'no POST')
        line.press_ctrl_c()
        line.until_says('Freeing pipeline')
        quirk.ends.set()
        line.process.wait(10)
        until(lambda: mock.seen('DELETE', '/s1'), 5, 'a goodbye')


class Late(wishmock.Quirk):
    """The answer takes seconds: the server looks for a machine to serve us."""

    def before(self, mock, request):
        if request.method == 'POST':
            time.sleep(4)


if lab.IS_LONG:
    def test_a_late_answer_is_waited_for():
        mock = published(Late())
        tap.check(len(mock.seen('POST')) == 1, 'more than one POST')


class NoTrickle(wishmock.Quirk):
    """501 for PATCH (whipserversrc); candidates are nowhere but in the offer."""

    def before(self, mock, request):
        return (501, [], '') if request.method == 'PATCH' else None


if lab.IS_LONG:
    def test_a_server_without_patch_gets_media():
        mock = published(NoTrickle())
        tap.check(len(mock.seen('PATCH')) <= 1, f'{mock.seen("PATCH")}')


class NoDelete(wishmock.Quirk):
    """DELETE is not known, or takes for ever."""

    def __init__(self, status):
        self.status = status

    def before(self, mock, request):
        if request.method != 'DELETE':
            return None
        if self.status == 0:
            time.sleep(5)
        return self.status or 200, [], ''


if lab.IS_LONG:
    def test_a_goodbye_that_is_refused_or_late_holds_nobody():
        for status in (405, 404, 0):
            mock = published(NoDelete(status))
            tap.note(f'DELETE {status}: ended after {mock.took:.1f} s')
            tap.check(mock.took < 3, f'{mock.took:.1f} s to stop with {status}')
            tap.check(len(mock.seen('DELETE')) == 1, 'no DELETE')


# --- who is let in, and who is told ---

class WantsToken(wishmock.Quirk):
    """401 without the right Bearer; redirects to the other origin."""

    def __init__(self, token, elsewhere=None):
        self.token, self.elsewhere = token, elsewhere

    def before(self, mock, request):
        if self.elsewhere and request.method == 'POST':
            return 307, [('Location', self.elsewhere)], ''
        if request.headers.get('authorization') != f'Bearer {self.token}':
            return 401, [('WWW-Authenticate', 'Bearer')], ''
        return None


def test_the_token_is_sent_and_a_wrong_one_is_an_error():
    with wishmock.Mock(REAL, WantsToken('right')) as mock:
        with Publish(mock.url('whip', 'whip'), 'auth-token=right') as p:
            p.arrives()
            p.client.interrupt()
        tap.check(said_goodbye(mock), 'DELETE without the token')
        with lab.Launch(f'{CAMERA}{mock.url("whip", "whip")} auth-token=canary-9'
                        ) as line:
            line.until_says('ERROR.*whip: status 401')
            tap.check('canary-9' not in line.output(), line.output())


def test_another_origin_gets_no_token():
    with wishmock.Mock(REAL) as other, \
            wishmock.Mock(REAL, WantsToken('t', other.url('whip'))) as mock, \
            Publish(mock.url('whip', 'whip'), 'auth-token=t') as p:
        p.arrives()
        p.client.interrupt()
        tap.check(mock.seen('POST')[0].headers.get('authorization')
                  == 'Bearer t', 'no token where it belongs')
        tap.check(all('authorization' not in r.headers for r in other.log),
                  'the other origin got the token')
        tap.check(other.seen('DELETE'), 'no goodbye at the other origin')


if lab.IS_LONG:
    def test_a_redirect_that_is_none_of_ours_is_an_error():
        class Moved(wishmock.Quirk):
            def before(self, mock, request):
                return 301, [('Location', mock.url('whip'))], ''

        with wishmock.Mock(REAL, Moved()) as mock, \
                lab.Launch(CAMERA + mock.url('whip', 'whip')) as line:
            line.until_says('ERROR.*status 301, WHIP and WHEP redirect by 307')


def certificate(folder):
    path = f'{folder}/both.pem'
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mock',
         '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', f'{folder}/key',
         '-out', f'{folder}/crt'], check=True, capture_output=True)
    with open(path, 'w', encoding='ascii') as f:
        f.write(open(f'{folder}/crt', encoding='ascii').read()
                + open(f'{folder}/key', encoding='ascii').read())
    return path


def test_tls_is_proved():
    with tempfile.TemporaryDirectory() as folder:
        pem = certificate(folder)
        with wishmock.Mock(REAL, context=wishmock.tls(pem)) as mock:
            url = mock.url('whip', 'whips')
            with Publish(url, f'signaling-tls-ca={folder}/crt') as p:
                p.arrives()
                p.client.interrupt()
            tap.check(said_goodbye(mock), f'{mock.seen("DELETE")}')
            with lab.Launch(CAMERA + url) as line:
                line.until_says('ERROR.*certificate is not trusted')


# --- playing ---

class Play:
    """A server that shows a picture, and a player of @uri."""

    def __init__(self, uri, more='', show=SHOW):
        self.uri, self.more, self.show = uri, more, show

    def __enter__(self):
        self.server = lab.Launch(self.show).__enter__()
        self.server.until('http://127.0.0.1:8889/live/watch')
        self.client = lab.Launch(PLAYER + self.uri + ' ' + self.more,
                                 options=('-e', '-m', '-v')).__enter__()
        return self

    def __exit__(self, *args):
        self.client.__exit__(*args)
        self.server.__exit__(*args)


def test_a_feed_plays_at_a_source_pad():
    with wishmock.Mock(REAL, RelativeLocation()) as mock, \
            Play(mock.url('whep', 'whep')) as p:
        tap.note(f'15 pictures after {more(p.client):.1f} s')
        rc, _ = p.client.interrupt()
        tap.check(rc == 0, p.client.output()[-2000:])
        tap.check(said_goodbye(mock), f'{mock.seen("DELETE")}')


def test_a_player_is_told_when_there_are_no_more_pads():
    import gi
    gi.require_version('Gst', '1.0')
    from gi.repository import Gst
    Gst.init(None)
    told, pads = threading.Event(), []

    def on_no_more(element):
        pads[:] = [p.name for p in element.srcpads]
        told.set()

    with lab.Launch(SHOW) as server:
        server.until(REAL + '/watch')
        line, e = Gst.Pipeline(), Gst.ElementFactory.make('webrtcendpoint')
        e.set_property('signaling-uri', 'whep://127.0.0.1:8889/live/whep')
        e.connect('no-more-pads', on_no_more)
        line.add(e)
        line.set_state(Gst.State.PLAYING)
        try:
            tap.check(told.wait(20), 'it is not told')
        finally:
            line.set_state(Gst.State.NULL)
    tap.check(pads == ['video_src_0'], pads)


if lab.IS_LONG:
    def test_gst_play_plays_it():
        with tempfile.TemporaryDirectory() as folder, Play(
                'whep://127.0.0.1:8889/live/whep'):
            path = f'{folder}/pictures'
            player = subprocess.Popen(
                ['gst-play-1.0', 'whep://127.0.0.1:8889/live/whep',
                 '--audiosink=fakesink', '--videosink=videoconvert ! '
                 f'video/x-raw,format=I420 ! filesink location={path}'],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                until(lambda: os.path.exists(path)
                      and os.path.getsize(path) >= 30 * 160 * 120 * 3 // 2, 15,
                      '30 pictures of gst-play-1.0')
            finally:
                player.terminate()
                player.wait()

    def test_uridecodebin_plays_it():
        with Play('whep://127.0.0.1:8889/live/whep'), lab.Launch(
                'uridecodebin uri=whep://127.0.0.1:8889/live/whep ! video/x-raw '
                '! fakesink name=got silent=false', options=('-v',)) as line:
            more(line, 30)


class Ear:
    """A server that says what it hears on data channels."""

    def __enter__(self):
        self.line = lab.Launch(
            'webrtcserver name=s port=8889 s.data_src_0 ! fdsink',
            options=('-e', '-q')).__enter__()
        self.line.until('http://127.0.0.1:8889/live/watch')
        return self

    def __exit__(self, *args):
        self.line.__exit__(*args)

    def hears(self, mouth, word):
        """Says it again and again: what is on its way in a call that ends is
        lost."""
        def heard():
            os.write(mouth, word.encode())
            return word in self.line.output()

        tap.note(f'{word} after {until(heard, 60, word):.1f} s')


def test_words_go_on_in_the_next_call():
    """A data pad makes its channel again with the server that comes next."""
    read, mouth = os.pipe()
    first = Ear().__enter__()
    with lab.Launch(CAMERA + 'whip://127.0.0.1:8889/live/whip '
                    'fdsrc ! application/x-via-data,label=log ! e.data_sink_0',
                    options=('-e', '-m'), stdin=read) as line:
        try:
            first.hears(mouth, 'first')
            first.line.process.kill()   # no goodbye
        finally:
            first.__exit__(None)
        with Ear() as second:
            second.hears(mouth, 'second')
            line.until_says(r'data-channel,.*state=\(string\)closed, '
                            r'reason=.*was..made..anew')
            os.close(mouth)  # the end of the line


class Counter(wishmock.Quirk):
    """Janus: 406 with an offer of its own, the answer comes by PATCH."""

    def __init__(self):
        import gi
        gi.require_version('Gst', '1.0')
        from gi.repository import Gst
        Gst.init(None)
        self.gst, self.gathered = Gst, threading.Event()
        self.pipeline = Gst.parse_launch(
            'videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! '
            'webrtcendpoint name=o')
        self.element = self.pipeline.get_by_name('o')
        self.element.connect('on-ice-gathering-done',
                             lambda *_: self.gathered.set())

    def before(self, mock, request):
        if request.method == 'POST':
            self.pipeline.set_state(self.gst.State.PLAYING)
            self.element.emit('generate-offer')
            self.element.emit('gather-candidates')
            self.gathered.wait(10)
            return 406, [('Content-Type', 'application/sdp'),
                         ('Location', '/live/whep/s1'), ('ETag', '"x"')], \
                self.element.get_property('local-description')
        if request.method == 'PATCH':
            ok = (request.headers['content-type'] == 'application/sdp'
                  and self.element.emit('process-answer', request.body))
            return 204 if ok else 422, [], ''
        return 200, [], ''


def test_a_counter_offer_is_answered():
    quirk = Counter()
    try:
        with wishmock.Mock(REAL, quirk) as mock, \
                lab.Launch(PLAYER + mock.url('whep', 'whep'),
                           options=('-e', '-m', '-v')) as player:
            tap.note(f'15 pictures after {more(player):.1f} s')
            tap.check([r.status for r in mock.seen('PATCH', '/s1')] == [204],
                      f'{mock.seen("PATCH")}')
            player.interrupt()
            tap.check(len(mock.seen('DELETE', '/s1')) == 1, 'no goodbye')
    finally:
        quirk.pipeline.set_state(quirk.gst.State.NULL)


if lab.IS_LONG:
    def test_a_406_without_an_offer_is_an_error():
        class Picky(wishmock.Quirk):
            def before(self, mock, request):
                return (406, [], 'no such type') if request.method == 'POST' else None

        with wishmock.Mock(REAL, Picky()) as mock, \
                lab.Launch(PLAYER + mock.url('whep', 'whep')) as line:
            line.until_says('ERROR.*whep: status 406')


class NamesRelay(wishmock.Quirk):
    """OPTIONS names a TURN server, two values in one header."""

    def before(self, mock, request):
        if request.method != 'OPTIONS':
            return None
        relay = (f'<turn:{lab.ADDRESS}:{lab.Relay.PORT}?transport=udp>; '
                 f'rel="ice-server"; username="{lab.Relay.USER}"; '
                 f'credential="{lab.Relay.PASSWORD}"; '
                 'credential-type="password"')
        return 204, [('Link', '<https://x/y>; rel="other", ' + relay)], ''


def test_a_relay_the_server_names_is_used():
    with lab.Relay() as relay, wishmock.Mock(REAL, NamesRelay()) as mock, \
            Play(mock.url('whep', 'whep'), 'ice-transport-policy=relay') as p:
        tap.note(f'15 pictures after {more(p.client):.1f} s')
        pair = re.findall(r'state=\(string\)connected, local=\(string\)"(\w+)',
                          p.client.output())
        tap.check(pair and pair[0] == 'relay' and relay.allocations() > 0,
                  f'{pair}, {relay.allocations()} allocations')
        tap.check(lab.Relay.PASSWORD not in p.client.output(), 'a secret is told')


if __name__ == '__main__':
    tap.main(globals())
