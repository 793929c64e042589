#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
# in pairs
"""What a recorder writes, read by ffmpeg: numbers, tone, times, tags – whatever ended it."""
import ctypes
import os
import re
import signal
import tempfile
import time

import lab
lab.enter()

import numpy  # noqa: E402

import counter  # noqa: E402
import judge  # noqa: E402
import tap  # noqa: E402
from recorded import File, onsets, run  # noqa: E402

WIDTH, HEIGHT, FPS = 320, 180, 30
FOLDER = tempfile.TemporaryDirectory(prefix='via-record-')


def out(name):
    return os.path.join(FOLDER.name, name)


def clip():
    return counter.cached_file(lab.DATA, 10, width=WIDTH, height=HEIGHT)


def player():
    return f'playerendpoint name=p app-data=clip-7 hub=room uri={lab.uri(clip())}'


def record(*line, seconds, ends_itself=False):
    """The output of a line that is interrupted after @seconds of recording."""
    with lab.Launch(*line, options=('-e', '-m')) as launch:
        launch.until_says('recording-started')
        if ends_itself:
            rc = launch.process.wait(seconds)
        else:
            time.sleep(seconds)
            rc, took = launch.interrupt()
            tap.check(rc is not None and took <= 3,
                      f'{rc} after {took:.1f} s\n{launch.output()}')
        tap.check(rc == 0, f'{rc}\n{launch.output()}')
        return launch.output()


# --- cases ---

@lab.calm
def test_two_recorders_of_a_hub_finish_before_the_pipeline_ends():
    said = record('hub name=room', player(),
                  f'recorderendpoint name=a hub=room location={out("a.mkv")} '
                  'app-data=file-a',
                  f'recorderendpoint name=b hub=room location={out("b.webm")}',
                  seconds=4)
    end = said.index('(eos)')
    stops = [m.start() for m in re.finditer('recording-stopped', said)]
    tap.check(len(stops) == 2 and max(stops) < end,
              f'recorders stop at {stops}, the pipeline at {end}')
    tap.check(said.count('(eos)') == 1, 'more than one EOS')
    for name in ('a.mkv', 'b.webm'):
        f = File(out(name))
        tap.check(f.codecs() == ['opus', 'vp8'], f.codecs())
        # The first picture comes a while after the start is told.
        f.check_plays(3.5)
        tap.check(3.5 <= f.duration() <= 6.5, f'{f.duration()} s')
        last = max(float(p['pts_time']) for p in f.packets)
        tap.check(0 <= f.duration() - last < 0.1,
                  f'the last frame at {last} of {f.duration()}')
        for s in f.streams:
            tap.check(s['tags'].get('APP_DATA') == 'clip-7'
                      and s['tags'].get('ELEMENT') == 'p', s['tags'])
    tags = File(out('a.mkv')).format['tags']
    tap.check(tags.get('APP_DATA') == 'file-a'
              and tags.get('ELEMENT') == 'a', tags)
    head = run('head', '-c', '64', out('b.webm'))
    tap.check(b'webm' in head, 'b.webm is no WebM')


@lab.calm
def test_a_killed_recorder_leaves_every_frame():
    with lab.Launch('hub name=room', player(),
                    f'recorderendpoint hub=room location={out("k.mkv")}',
                    options=('-m',)) as launch:
        launch.until_says('recording-started')
        began = time.monotonic()
        time.sleep(4)
        launch.process.send_signal(signal.SIGKILL)
        seconds = time.monotonic() - began
        launch.process.wait()
    f = File(out('k.mkv'))
    f.check_plays(3.5)
    for i in range(2):
        # What stood in the file when it was begun is the margin.
        tap.check(f.times(i)[-1] > seconds,
                  f'stream {i} ends at {f.times(i)[-1]}, killed {seconds} s '
                  'after it was begun')


def check_codecs(name, video, audio, codecs, rate=48000):
    words = [f'recorderendpoint name=r location={out(name)}']
    if video:
        words.append('videotestsrc num-buffers=60 ! video/x-raw,format=I420,'
                     f'width=320,height=180,framerate=30/1 ! {video} ! r.')
    if audio:
        words.append(f'audiotestsrc freq=440 samplesperbuffer={rate // 50} '
                     f'num-buffers=100 ! audio/x-raw,rate={rate},channels=1 ! '
                     f'{audio} ! r.')
    record(*words, seconds=60, ends_itself=True)
    f = File(out(name))
    tap.check(f.codecs() == codecs, f'{f.codecs()}, not {codecs}')
    tap.check(abs(f.duration() - 2) < 0.15, f'{name}: {f.duration()} s of 2')
    if video:
        n = len(f.times(f.index('video')))
        tap.check(n == 60, f'{name}: {n} of 60 frames')
    if audio:
        tone = judge.tone_db(f.sound(), 48000)
        tap.check(tone > judge.TONE_DB, f'{name}: tone at {tone:.1f} dB')


def test_each_codec_is_copied_to_its_end():
    check_codecs('h264.mkv', 'x264enc tune=zerolatency key-int-max=30 ! '
                 'video/x-h264,profile=constrained-baseline',
                 'mulawenc', ['h264', 'pcm_mulaw'], 8000)
    check_codecs('vp9.mkv', 'vp9enc deadline=1 cpu-used=8', 'alawenc',
                 ['pcm_alaw', 'vp9'], 8000)


def test_audio_alone_and_video_alone():
    check_codecs('audio.mkv', None, 'opusenc', ['opus'])
    check_codecs('video.webm', 'vp8enc deadline=1', None, ['vp8'])


def test_webm_says_what_it_does_not_hold():
    said = record(f'recorderendpoint name=r location={out("r.webm")}',
                  'videotestsrc num-buffers=60 ! x264enc tune=zerolatency ! '
                  'video/x-h264,profile=constrained-baseline ! r.',
                  'audiotestsrc samplesperbuffer=960 num-buffers=100 ! opusenc '
                  '! r.', seconds=60, ends_itself=True)
    tap.check('WARNING' in said
              and 'container=webm cannot hold H264' in said, said)
    tap.check(File(out('r.webm')).codecs() == ['opus'], 'not the sound alone')


@lab.calm
def test_a_track_that_never_comes_holds_up_nothing():
    record(f'recorderendpoint name=r location={out("n.mkv")}',
           'videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! '
           'valve drop=true drop-mode=forward-sticky-events ! '
           'r.video_sink_0',
           'audiotestsrc is-live=true samplesperbuffer=960 ! opusenc ! '
           'r.audio_sink_0', seconds=2)
    f = File(out('n.mkv'))
    tap.check(f.codecs() == ['opus'] and f.duration() > 1.5,
              f'{f.codecs()}, {f.duration()} s')


@lab.calm
def test_a_full_disk_ends_one_recording_cleanly():
    # A mount of this process alone.
    libc = ctypes.CDLL(None, use_errno=True)
    tap.check(libc.unshare(0x20000) == 0, os.strerror(ctypes.get_errno()))
    small = out('small')
    os.makedirs(small, exist_ok=True)
    run('mount', '--make-rprivate', '/')
    run('mount', '-t', 'tmpfs', '-o', 'size=120k', 'small', small)
    try:
        said = record('hub name=room', player(),
                      'recorderendpoint name=full hub=room '
                      f'location={small}/full.mkv',
                      f'recorderendpoint name=goes hub=room '
                      f'location={out("goes.mkv")}', seconds=6)
        tap.check(re.search(r'WARNING.*full', said)
                  and 'No space left' in said, said)
        f = File(f'{small}/full.mkv')
        f.check_plays(0.5)
        tap.check(0.5 < f.duration() < 6, f'{f.duration()} s')
        packets = [float(p['pts_time']) for p in f.packets]
        tap.check(f.duration() - max(packets) < 0.1,
                  f'the last frame at {max(packets)} of {f.duration()}')
        File(out('goes.mkv')).check_plays(5.5)
    finally:
        run('umount', small)


def flashes_and_beeps(video, sound, seconds):
    """Writes a white picture and 50 ms of 1 kHz at each full second."""
    black = bytes([16]) * (WIDTH * HEIGHT) + bytes([128]) * (WIDTH * HEIGHT // 2)
    white = bytes([235]) * (WIDTH * HEIGHT) + black[WIDTH * HEIGHT:]
    for n in range(seconds * FPS):
        video.write(white if n % FPS == 0 else black)
    t = numpy.arange(seconds * 48000)
    beep = 24000 * numpy.sin(t * 2 * numpy.pi * 1000 / 48000)
    sound.write((beep * (t % 48000 < 2400)).astype('<i2').tobytes())


def test_flash_and_beep_stay_together():
    source = tempfile.TemporaryFile()
    with open(out('beeps.raw'), 'wb') as sound:
        flashes_and_beeps(source, sound, 5)
    source.seek(0)
    with lab.Launch(f'recorderendpoint name=r location={out("sync.mkv")}',
                    f'fdsrc ! rawvideoparse format=i420 width={WIDTH} '
                    f'height={HEIGHT} framerate={FPS}/1 ! queue ! r.',
                    f'filesrc blocksize=1920 location={out("beeps.raw")} ! '
                    'rawaudioparse format=pcm pcm-format=s16le '
                    'sample-rate=48000 num-channels=1 ! queue ! r.',
                    stdin=source) as launch:
        tap.check(launch.process.wait(60) == 0, launch.output())
    f = File(out('sync.mkv'))
    video = f.index('video')
    raw = run('ffmpeg', '-v', 'error', '-i', f.path, '-map', '0:v',
              '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray',
              '-s', '2x2', '-')
    flashes = [t for t, level in zip(f.times(video), raw[::4]) if level > 128]
    beeps = onsets(abs(f.sound()), 48000, 0.2)
    tap.check(len(flashes) == 5, f'flashes at {flashes}')
    offsets = [min((b - t for b in beeps), key=abs) for t in flashes]
    tap.note(f'beep after flash: {[round(o * 1000) for o in offsets]} ms')
    tap.check(all(abs(o) <= 0.040 for o in offsets),
              f'flashes {flashes}, beeps {beeps}')


if __name__ == '__main__':
    tap.main(globals())
