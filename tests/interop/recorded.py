# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorded file as ffmpeg reads it: File (path).check_plays (seconds)."""
import json
import subprocess

import numpy

import counter
import judge
import tap

WIDTH, HEIGHT = 320, 180


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


class File:
    def __init__(self, path, is_ours=True):
        self.path = path
        probe = json.loads(run('ffprobe', '-v', 'error', '-of', 'json',
                               '-show_streams', '-show_format',
                               '-show_packets', path))
        self.format, self.streams = probe['format'], probe['streams']
        self.packets = probe['packets']
        if is_ours:
            self.check_order()

    def check_order(self):
        # Of its own accord ffmpeg counts pictures in frames of a guessed rate.
        p = subprocess.run(['ffmpeg', '-v', 'error', '-i', self.path,
                            '-enc_time_base:v', '-1', '-f', 'null', '-'],
                           capture_output=True, text=True)
        tap.check(p.returncode == 0 and not p.stderr,
                  f'{self.path} does not decode:\n{p.stderr[:2000]}')
        for i in range(len(self.streams)):
            times = self.times(i)
            tap.check(all(a < b for a, b in zip(times, times[1:])),
                      f'{self.path}: times of stream {i} do not rise')

    def codecs(self):
        return sorted(s['codec_name'] for s in self.streams)

    def index(self, kind):
        return next(i for i, s in enumerate(self.streams)
                    if s['codec_type'] == kind)

    def times(self, i):
        return [float(p['pts_time']) for p in self.packets
                if p['stream_index'] == i]

    def duration(self):
        """As the head says, or where the last frame begins."""
        return float(self.format.get('duration') or
                     max(float(p['pts_time']) for p in self.packets))

    def numbers(self):
        """(time in ms, number) of each picture."""
        raw = run('ffmpeg', '-v', 'error', '-i', self.path, '-map', '0:v',
                  '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt',
                  'gray', '-s', f'{WIDTH}x{HEIGHT}', '-')
        size = WIDTH * HEIGHT
        times = self.times(self.index('video'))
        tap.check(len(raw) == size * len(times),
                  f'{len(raw) / size} pictures of {len(times)} frames')
        return [(t * 1000, counter.read_luma(raw[i * size:(i + 1) * size],
                                             WIDTH, HEIGHT, WIDTH))
                for i, t in enumerate(times)]

    def samples(self, *options):
        """Mono, as they come out of the decoder."""
        return numpy.frombuffer(run(
            'ffmpeg', '-v', 'error', '-i', self.path, '-map', '0:a', *options,
            '-ac', '1', '-f', 'f32le', '-'), '<f4')

    def sound(self):
        """48 kHz mono, beginning at the file's time 0."""
        return self.samples('-af', 'aresample=48000:async=1:first_pts=0')

    def check_plays(self, seconds, fps=30):
        figures = judge.counters(self.numbers())
        wrong = judge.plays(figures, int(seconds * fps))
        tap.check(not wrong, f'{self.path}: {wrong}')
        tone = judge.tone_db(self.sound(), 48000)
        tap.check(tone > judge.TONE_DB, f'{self.path}: tone at {tone:.1f} dB')
        begins = [self.times(i)[0] for i in range(len(self.streams))]
        # Opus is heard before its packet's time by what its encoder looks ahead.
        tap.check(-0.007 <= min(begins) <= 0, f'{self.path} begins at {begins}')


def onsets(levels, rate, threshold):
    """Times at which @levels rise over @threshold after 0.3 s below it."""
    found, below = [], 0.0
    for i, is_up in enumerate(levels > threshold):
        if is_up and (below >= 0.3 or not found):
            found.append(i / rate)
        below = 0.0 if is_up else below + 1 / rate
    return found


# --- what camera.js makes each second: a flash and a beep of one clock ---


def sound_times(f):
    """What turns seconds of decoded sound into the file's time. (ffmpeg's own
    resampling leaves times that run apart by less than 100 ms as they are.)"""
    frames = json.loads(run('ffprobe', '-v', 'error', '-of', 'json',
                            '-select_streams', 'a', '-show_entries',
                            'frame=pts_time,nb_samples', f.path))['frames']
    ends = numpy.cumsum([frame['nb_samples'] for frame in frames]) / 48000
    begins = ends - [frame['nb_samples'] / 48000 for frame in frames]
    times = [float(frame['pts_time']) for frame in frames]

    def time_of(t):
        i = min(int(numpy.searchsorted(ends, t, 'right')), len(times) - 1)
        return times[i] + t - begins[i]
    return time_of


def beeps(f):
    """Seconds at which 1 kHz begins beside the tone."""
    sound = f.samples()
    n, rate = 480, 48000 // 96
    wave = numpy.exp(-2j * numpy.pi * 1000 / 48000 * numpy.arange(n))
    window = numpy.hanning(n) * wave
    levels = numpy.array([abs((sound[i:i + n] * window).sum()) * 4 / n
                          for i in range(0, len(sound) - n, 48000 // rate)])
    # The window is half in when its middle passes the edge.
    time_of = sound_times(f)
    return [time_of(t + n / 2 / 48000) for t in onsets(levels, rate, 0.025)]


def flashes(f):
    """Seconds at which the lower right quarter becomes white."""
    raw = run('ffmpeg', '-v', 'error', '-i', f.path, '-map', '0:v',
              '-fps_mode', 'passthrough', '-vf',
              'crop=iw/2-32:ih/2-32:iw/2+16:ih/2+16,scale=2:2:flags=area,'
              'format=gray', '-f', 'rawvideo', '-')
    found, was = [], 0
    for t, level in zip(f.times(f.index('video')), raw[::4]):
        if level > 190 and was <= 190:
            found.append(t)
        was = level
    return found


def beep_offsets(f, skip=0.5):
    """Seconds from each flash to the beep next to it, without the first @skip
    and the last half second."""
    tones = beeps(f)
    return [min((b - t for b in tones), key=abs, default=float('inf'))
            for t in flashes(f) if skip < t < f.duration() - 0.5]
