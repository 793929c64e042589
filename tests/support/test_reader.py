#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The far-end readers read what was made, and notice what is missing."""
import http.server
import os
import sys
import threading
import time

if os.environ.get('VIA_NETNS') != '1':
    here = os.path.dirname(os.path.realpath(__file__))
    os.execv(os.path.join(here, 'netns.sh'), ['netns.sh', sys.executable,
             os.path.realpath(__file__), *sys.argv[1:]])

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'interop'))
import chromium  # noqa: E402
import counter  # noqa: E402
import judge  # noqa: E402
import lab  # noqa: E402
import reader  # noqa: E402
import tap  # noqa: E402

DATA = os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', '..',
                    'build', 'test-data')


def uri(path):
    return 'file://' + os.path.realpath(path)


def test_every_number_survives_its_bar_code():
    for n in (0, 1, 2, 255, 256, 65535, 0xabcdef, 0xffffff):
        blocks = [235 if b else 16 for b in counter.encode(n)]
        tap.check(counter.decode(blocks) == n, f'{n} read as other')
        blocks[3] = 251 - blocks[3]
        tap.check(counter.decode(blocks) is None, f'{n}: a wrong bit was read')


def test_black_white_and_gray_pictures_have_no_number():
    for value in (0, 16, 128, 235, 255):
        tap.check(counter.decode([value] * 32) is None, f'{value} was read')


def test_judge_sees_loss_repeat_and_reverse():
    good = [(i * 33.3, i) for i in range(100)]
    tap.check(judge.plays(judge.counters(good)) is None, 'a good one refused')
    lost = [s for s in good if s[1] % 10]
    tap.check('order' in judge.plays(judge.counters(lost)), 'loss not seen')
    late = good[:50] + [(t + 250, n) for t, n in good[50:]]
    tap.check('stood' in judge.plays(judge.counters(late)), 'stall not seen')
    frozen = good + [(good[-1][0] + 300, 99)]
    tap.check('stood' in judge.plays(judge.counters(frozen)), 'freeze not seen')
    back = good[:50] + [(good[49][0] + 10, 3)] + good[50:]
    tap.check('backwards' in judge.plays(judge.counters(back)), 'reverse')
    tap.check(judge.plays(judge.counters([])) is not None, 'nothing plays')


def check_file(suffix, tone_db):
    path = counter.cached_file(DATA, 10, suffix)
    p = reader.parse(f'uridecodebin uri={uri(path)} name=d '
                     'd. ! VIDEO  d. ! AUDIO')
    r = reader.Reader(p)
    reader.play(p)
    f = r.figures()
    tap.note(f)
    tap.check(f['in_order'] == 1 and f['shown'] == 300 and f['first'] == 0,
              'not each of the 300 pictures was read')
    tap.check(f['tone_db'] >= tone_db, 'the tone is not clear')


def test_gstreamer_reads_vp8_and_opus():
    check_file('webm', 30)


def test_gstreamer_reads_h264_and_aac():
    check_file('mp4', 30)


@lab.calm
def test_gstreamer_reads_a_scaled_live_picture():
    path = counter.cached_file(DATA, 10)
    p = reader.parse(f'uridecodebin uri={uri(path)} caps=video/x-raw ! '
                     'videoconvert ! videoscale ! video/x-raw,width=176,'
                     'height=144 ! VIDEO', sync=True)
    r = reader.Reader(p)
    reader.play(p, 3)
    f = r.figures()
    tap.note(f)
    tap.check(judge.plays(f, 60) is None, judge.plays(f, 60))


def test_reader_notices_a_silent_and_a_wrong_tone():
    for source in ('audiotestsrc wave=silence num-buffers=100',
                   'audiotestsrc freq=880 num-buffers=100'):
        p = reader.parse(f'{source} ! AUDIO')
        r = reader.Reader(p)
        reader.play(p)
        tap.check(r.figures()['tone_db'] < 0, f'{source}: a tone was heard')


def serve(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *a):
            super().__init__(*a, directory=folder)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@lab.calm
def test_chromium_reads_a_file_and_its_picture_is_the_file():
    path = counter.cached_file(DATA, 10)
    frames = reader.file_frames(path)
    server = serve(os.path.realpath(DATA))
    with open(os.path.join(DATA, 'page.html'), 'w', encoding='utf-8') as f:
        f.write('<!doctype html><video autoplay src="'
                f'{os.path.basename(path)}"></video>')
    with chromium.Browser() as b:
        page = b.open(f'http://127.0.0.1:{server.server_port}/page.html')
        size = page.watch()
        tap.check(size == [640, 360], f'the picture is {size}')
        page.take()
        time.sleep(1)
        db, index = judge.best_psnr(page.grab(), frames)
        tone = page.tone()
        time.sleep(3)
        f = page.counters()
        tap.note(f'{b.version}: {f}, tone {tone:.1f} dB, PSNR {db:.1f} dB')
        page.screenshot(os.path.join(DATA, '..', 'screenshots', 'file.png'))
    tap.check(judge.plays(f, 90) is None, judge.plays(f, 90))
    tap.check(tone >= judge.TONE_DB, f'tone {tone} dB')
    tap.check(db >= judge.PSNR_DB, f'PSNR {db} dB')
    other = frames[(index + 40) % len(frames)]
    tap.check(judge.psnr(frames[index], other) < judge.PSNR_DB,
              'PSNR cannot tell two pictures of the file apart')


if __name__ == '__main__':
    tap.main(globals())
