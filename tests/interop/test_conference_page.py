#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 240
"""What the conference page does for a person: who is muted, who speaks, the
screen, coming back, plain words, a phone."""
import json
import os

import lab
lab.enter()

import chromium  # noqa: E402
import tap  # noqa: E402
from test_conference import (BASE, FPS, LINE, LIVE, PORT, VIEW, Person,  # noqa: E402
                             first)

# The screen: a picture whose counter begins far from every camera's.
SCREEN = '''navigator.mediaDevices.getDisplayMedia = async () => {
  const camera = window.viaCamera;
  const got = await navigator.mediaDevices.getUserMedia({ video: true });
  window.viaScreen = got.getVideoTracks()[0];
  return got;
};'''
LABELS = '''[...document.querySelectorAll('button, select, input, video, li')]
  .filter((e) => e.offsetParent).filter((e) => !(e.ariaLabel ||
    e.textContent.trim() || (e.labels && e.labels.length))).map((e) => e.outerHTML)'''
WIDE = ('document.documentElement.scrollWidth - '
        'document.documentElement.clientWidth')


def tile(name):
    return ('[...document.querySelectorAll(".tile[data-peer]")].find((t) => '
            f't.querySelector(".name").textContent === {json.dumps(name)})')


def shows(name, class_):
    return f'({tile(name)} || document.body).classList.contains("{class_}")'


def click(person, button):
    person.page.eval(f'document.getElementById("{button}").click()')


def shoot(page, name):
    page.screenshot(os.path.join(lab.SCREENSHOTS, f'conference-{name}.png'))


def test_mute_camera_and_speech_are_seen_by_the_others():
    with lab.Launch(LINE) as launch, chromium.Browser() as b:
        launch.until(BASE)
        alice, bob = Person(b, 'Alice'), Person(b, 'Bob')
        alice.page.until(shows('Bob', 'has-picture'))
        click(alice, 'mute')        # one speaks
        bob.page.until(shows('Alice', 'is-muted'))
        # Shown, and said at the same time.
        alice.page.until(f'{shows("Bob", "speaks")} && '
                         f'{tile("Bob")}.ariaLabel.includes("speaking")')
        click(bob, 'stop-camera')
        alice.page.until(f'!{shows("Bob", "has-picture")}')
        shoot(alice.page, 'camera-off')
        alice.take()
        click(bob, 'stop-camera')
        alice.page.until(shows('Bob', 'has-picture'))
        # his own picture, more of it than could be on its way before
        alice.page.until('viaTiles.Bob.samples.filter((s) => s[1] >= '
                         f'{first("Bob")}).length > {FPS}')
        click(bob, 'leave')
        alice.page.until('!document.querySelector(".tile[data-peer]")')
        alice.page.until('document.getElementById("news").textContent.includes'
                         '("Bob left")')


def test_it_fits_a_phone_and_a_desk_and_everything_has_a_name():
    with lab.Launch(LINE) as launch, chromium.Browser() as b:
        launch.until(BASE)
        people = [Person(b, name) for name in ('Alice', 'Bob', 'Carol')]
        for p in people:
            p.until_sees([x.name for x in people if x is not p])
        for page, sizes in ((people[0].page, ((390, 844), (1280, 800), (844, 390))),
                            (b.open(BASE), ((390, 844), (1280, 800)))):
            for width, height in sizes:
                page.resize(width, height, mobile=width == 390)
                page.until('document.readyState === "complete"')
                shoot(page, f'{width}-{page.eval("document.body.dataset.state")}')
                tap.check(page.eval(WIDE) <= 0, f'wider than {width} pixels')
                nameless = page.eval(LABELS)
                tap.check(not nameless, f'without a name: {nameless}')


if lab.IS_LONG:
    def test_the_screen_takes_the_place_of_the_camera_and_gives_it_back():
        def last(person, name):
            return (f'(viaTiles.{name}.samples.filter((s) => s[1] !== null).pop() '
                    '|| [0, -1])[1]')
        with lab.Launch(LINE) as launch, chromium.Browser() as b:
            launch.until(BASE)
            alice = Person(b, 'Alice')
            bob = Person(b, 'Bob', script=SCREEN)
            bob.page.until(shows('Alice', 'has-picture'))
            alice.page.until(f'{last(alice, "Bob")} > 2000050')
            click(bob, 'screen')
            # a new picture counts from the beginning
            alice.page.until(f'{last(alice, "Bob")} < 2000050')
            bob.page.eval('viaScreen.stop(); viaScreen.dispatchEvent(new Event("ended"))')
            bob.page.until('document.getElementById("screen").ariaPressed === "false"')
            alice.page.until(f'{last(alice, "Bob")} > 2000100')

    def test_the_page_comes_back_with_the_server():
        with chromium.Browser() as b:
            with lab.Launch(LINE) as launch:
                launch.until(BASE)
                alice, bob = Person(b, 'Alice'), Person(b, 'Bob')
                alice.until_sees(['Bob'])
            alice.page.until('document.body.dataset.state === "retrying"')
            shoot(alice.page, 'gone')
            with lab.Launch(LINE) as launch:
                launch.until(BASE)
                for p in alice, bob:
                    p.page.until(LIVE, 40)
                alice.until_sees(['Bob'])

    def test_a_full_room_is_said():
        with lab.Launch(LINE, 'max-peers=1') as launch, chromium.Browser() as b:
            launch.until(BASE)
            Person(b, 'Alice')
            page = b.open(BASE + '?name=Bob', script=chromium.camera(320, 180, 15))
            page.until('document.body.dataset.state === "ready"')
            page.eval('document.getElementById("go").click()')
            page.until('document.body.innerText.includes("All places are taken")')

    def test_without_https_one_may_still_watch():
        with lab.Launch(LINE) as launch, chromium.Browser() as b, chromium.Browser(
                ['--host-resolver-rules=MAP plain.test 127.0.0.1']) as plain:
            launch.until(BASE)
            Person(b, 'Alice')
            page = plain.open(f'http://plain.test:{PORT}/live/?name=Bob', script=VIEW)
            page.until('document.body.innerText.includes("Without HTTPS")')
            shoot(page, 'plain')


if __name__ == '__main__':
    tap.main(globals())
