#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# in pairs
"""The pages as a person meets them: on a telephone and on a desk, light and dark,
by keyboard; what they say when something is missing; their address as a QR code."""
import atexit
import json
import os
import subprocess

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402

PORT = 8889
BASE = f'http://127.0.0.1:{PORT}/live/'
PAGES = ('watch', 'publish', 'talkback', 'conference', 'stats')
SERVER = f'webrtcserver name=s port={PORT}'
SOURCE = ('videotestsrc is-live=true pattern=ball ! '
          'video/x-raw,width=640,height=360,framerate=15/1 ! s. '
          'audiotestsrc is-live=true volume=0.1 ! s. ')
LINE = f'{SERVER} {SOURCE}'
PHONE, DESK = (390, 844), (1280, 800)
with open(os.path.join(lab.TOP, 'tests', 'support', 'seen.js'),
          encoding='utf-8') as f:
    SEEN = f.read()
# Where a page is when it has begun by itself, and what one presses then.
BEGUN = {'watch': 'playing', 'publish': 'ready', 'talkback': 'playing',
         'conference': 'ready', 'stats': 'waiting'}
PRESS = {'publish': ('go', 'live'), 'talkback': ('talk', 'playing'),
         'conference': ('go', 'live')}
FLAGS = ['--host-resolver-rules=MAP plain.test 127.0.0.1']
PLAIN = 'http://plain.test:%d/live/'


class Running:
    """One browser for all cases."""
    browser = None

    @classmethod
    def start(cls):
        if cls.browser is None:
            cls.browser = chromium.Browser(FLAGS)
            atexit.register(cls.browser.close)
        return cls.browser


def state(page, wanted, seconds=30):
    page.until(f'document.body.dataset.state === "{wanted}"', seconds)


def press(page, button):
    page.eval(f'document.getElementById("{button}").click()')


def opened(name, query='', base=BASE, script=''):
    return Running.start().open(base + name + query, script=chromium.camera(
        320, 180) + SEEN + script)


# --- what one sees ---

def check(page, name, size, dark=False):
    """A screenshot, and everything on it can be used. Its path."""
    path = os.path.join(lab.SCREENSHOTS, (
        f'pages-{name}-{size[0]}{"-dark" if dark else ""}.png'))
    page.resize(*size, mobile=size == PHONE, dark=dark)
    page.until('new Promise((done) => requestAnimationFrame(() => '
               'requestAnimationFrame(() => done(true))))')
    page.screenshot(path)
    found = page.eval('viaSeen()')
    tap.check(not found, f'{name} at {size[0]}: ' + '; '.join(found))
    return path


def look_at(page, name):
    return [check(page, name, size, dark) for size, dark in (
        (PHONE, False), (DESK, True), (PHONE, True), (DESK, False))[
            :4 if lab.IS_LONG else 2]]


def code_in(path):
    """What a telephone reads in a screenshot."""
    p = subprocess.run(['zbarimg', '--quiet', '--raw', path],
                       capture_output=True, text=True, check=False)
    return p.stdout.rstrip('\n')


def show_code(page):
    page.until('document.readyState === "complete"')
    press(page, 'share-open')
    page.until('!!document.querySelector("#share-code svg")')


# --- what one reaches by keyboard ---

FOCUS = '''(() => { const e = document.activeElement;
  return e === document.body ? '' : e.id || e.tagName; })()'''
FOCUSABLE = '''[...document.querySelectorAll(
  'a[href], button:not(:disabled), select:not(:disabled), input:not(:disabled)')]
  .filter((e) => e.checkVisibility()).map((e) => e.id || e.tagName)'''
RING = '''(() => { const s = getComputedStyle(document.activeElement);
  return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()'''


def key(page, name, code):
    text = {'text': '\r'} if name == 'Enter' else {}
    page.call('Input.dispatchKeyEvent', type='keyDown', key=name, code=name,
              windowsVirtualKeyCode=code, **text)
    page.call('Input.dispatchKeyEvent', type='keyUp', key=name, code=name,
              windowsVirtualKeyCode=code)


def use_keys(page, name):
    page.call('Page.bringToFront')
    seen, wanted = [], page.eval(FOCUSABLE)
    for _ in range(len(wanted) + 2):
        key(page, 'Tab', 9)
        if (at := page.eval(FOCUS)) and at not in seen:
            seen.append(at)
            tap.check(page.eval(RING), f'{name}: {at} shows no focus')
    tap.check(set(wanted) <= set(seen),
              f'{name}: {set(wanted) - set(seen)} not reached')
    page.eval('document.getElementById("share-open").focus()')
    key(page, 'Enter', 13)
    page.until('!!document.querySelector("dialog[open]")')
    key(page, 'Escape', 27)
    page.until('!document.querySelector("dialog[open]")')
    tap.check(page.eval(FOCUS) == 'share-open', 'the focus is lost')


def visit(name):
    query = '?app-data=Zo%C3%AB&x=a%26b&name=Bob'
    with lab.Launch(LINE) as line:
        line.until(BASE)
        page = opened(name, query)
        state(page, BEGUN[name])
        look_at(page, name)
        use_keys(page, name)
        if name in PRESS:
            button, then = PRESS[name]
            press(page, button)
            state(page, then)
            if name == 'talkback':
                page.until(f'document.getElementById("{button}").ariaPressed '
                           '=== "true"')
            look_at(page, name + '-on')
        show_code(page)
        for path in look_at(page, name + '-code'):
            got = code_in(path)
            tap.check(got == BASE + name + query, f'{path}: {got!r}')
        page.close()


def test_watch_fits_phone_and_desk_keyboard_and_code():
    visit('watch')


def test_publish_fits_phone_and_desk_keyboard_and_code():
    visit('publish')


def test_talkback_fits_phone_and_desk_keyboard_and_code():
    visit('talkback')


def test_conference_fits_phone_and_desk_keyboard_and_code():
    visit('conference')


def test_stats_fits_phone_and_desk_keyboard_and_code():
    visit('stats')


def test_the_code_has_the_token_and_a_bound():
    with lab.Launch(SERVER, 'tokens=all=s3cret-Z') as line:
        line.until(BASE)
        page = opened('watch', '#token=s3cret-Z')
        show_code(page)
        got = code_in(check(page, 'token', PHONE))
        tap.check(got == BASE + 'watch#token=s3cret-Z', got)
        page.close()
        page = opened('watch', '?x=' + 'y' * 1100)
        state(page, 'error')
        press(page, 'share-open')
        page.until('document.getElementById("share-note").textContent'
                   '.includes("at most 1024 bytes")')
        page.close()


# --- what is missing is said, on each page alike ---

DOING = {'watch': 'Watching', 'publish': 'Publishing',
         'talkback': 'Taking part', 'conference': 'Taking part',
         'stats': 'Statistics'}
ASKS = {'publish': 'go', 'conference': 'go'}    # before it asks the server


def says(page, *words, seconds=30):
    for word in words:
        page.until(f'document.body.innerText.includes({json.dumps(word)})',
                   seconds)
    tap.check(page.eval('document.getElementById("headline").ariaLive')
              == 'polite', 'it is shown, but not said')


def asked(name, base=BASE, query=''):
    """A page that has asked the server."""
    page = opened(name, '?name=Bob' + query, base)
    if name in ASKS:
        state(page, BEGUN[name])
        press(page, 'go')
    return page


def test_who_has_no_invitation_or_a_wrong_one_is_told_so():
    # in the short form one that asks by HTTP and one that asks by WebSocket
    pages = PAGES if lab.IS_LONG else ('watch', 'conference')
    ports = {name: PORT + n for n, name in enumerate(pages)}
    line = ' '.join(f'webrtcserver port={port} trusted-proxies=127.0.0.1 '
                    'tokens=stats=t1,all=t2'
                    for port in ports.values())     # ten wrong ones lock out
    with lab.Launch(line) as launch:
        for port in ports.values():
            launch.until(f'http://127.0.0.1:{port}/live/')
        for name, port in ports.items():
            base = f'http://127.0.0.1:{port}/live/'
            for token, *words in (
                    ('', f'{DOING[name]} here needs an invitation.',
                     'the whole link'),
                    ('#token=wrong', 'This invitation is not valid.',
                     'Ask for a new link'),
                    ('#token=t1', 'This invitation is not for '
                                  f'{DOING[name].lower()}.')):
                page = asked(name, base, token)
                says(page, *words)
                state(page, 'error')
                page.close()


NOTHING = 'navigator.mediaDevices.enumerateDevices = async () => [];'


def test_that_nobody_publishes_and_no_camera_or_https_is_there_is_said():
    with lab.Launch(SERVER) as line:
        line.until(BASE)
        for name in 'watch', 'cam1/watch', 'talkback':
            page = opened(name)
            says(page, 'Nobody is publishing')
            page.close()
        for name in 'publish', 'conference':
            page = opened(name, script=NOTHING)
            says(page, 'No camera and no microphone', 'Connect one')
            page.close()
            page = opened(name, base=PLAIN % PORT)
            says(page, 'HTTPS', 'open this one by https://')
            page.close()


if lab.IS_LONG:
    def test_a_server_that_is_gone_is_said():
        with lab.Launch(LINE) as line:
            line.until(BASE)
            pages = [asked(name) for name in PAGES]
            for page, name in zip(pages, PAGES):
                state(page, PRESS.get(name, (0, BEGUN[name]))[1])
        for page in pages:
            says(page, 'Cannot reach the server.', 'Trying again in', seconds=30)
            page.close()


if __name__ == '__main__':
    tap.main(globals())
