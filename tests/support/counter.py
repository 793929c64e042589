#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A moving picture that carries its frame number, with a 440 Hz tone.

The upper left quarter is 8 × 4 blocks, black or white: 24 bits of the number
and 8 of a CRC (x⁸+x²+x+1, from 0xff), most significant first. The rest moves.

    counter.py raw [--width 640 --height 360 --fps 30 --frames 900]   I420 on standard output
    counter.py file OUT.webm|OUT.mp4 [--seconds 30 …]                 VP8+Opus, or H.264 with B-frames + AAC

A live source for gst-launch-1.0:
    counter.py raw | gst-launch-1.0 fdsrc ! rawvideoparse format=i420 width=640 height=360 framerate=30/1 ! …
"""
import argparse
import os
import subprocess
import sys
import tempfile

COLUMNS, ROWS = 8, 4
BLACK, WHITE = 16, 235
TONE_HZ = 440


def crc8(value):
    crc = 0xff
    for shift in (16, 8, 0):
        crc ^= value >> shift & 0xff
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xff
    return crc


def encode(number):
    """The 32 blocks of @number, row by row, as booleans."""
    word = (number & 0xffffff) << 8 | crc8(number & 0xffffff)
    return [bool(word >> (31 - i) & 1) for i in range(COLUMNS * ROWS)]


def decode(blocks):
    """The number in 32 block brightnesses 0…255; None if it is not readable."""
    if max(blocks) - min(blocks) < 60:
        return None
    middle = (max(blocks) + min(blocks)) / 2
    word = 0
    for b in blocks:
        word = word << 1 | (b > middle)
    number = word >> 8
    return number if crc8(number) == word & 0xff else None


def read_luma(luma, width, height, stride):
    """The number in a picture's luma plane: the mean of 9 points per block."""
    cw, ch, blocks = width / 16, height / 8, []
    for row in range(ROWS):
        for column in range(COLUMNS):
            total = 0
            for dy in (.35, .5, .65):
                start = int((row + dy) * ch) * stride
                for dx in (.35, .5, .65):
                    total += luma[start + int((column + dx) * cw)]
            blocks.append(total / 9)
    return decode(blocks)


class Painter:
    def __init__(self, width, height):
        self.width, self.height = width, height
        ramp = [60 + 120 * abs(2 * x - width) // width for x in range(width)]
        self.ramp = bytes(ramp * 2)
        self.chroma = bytes([128]) * (width * height // 2)

    def frame(self, number):
        w, h = self.width, self.height
        bits, rows = encode(number), []
        shift = number * 4 % w
        moving = self.ramp[shift:shift + w]
        for row in range(ROWS):
            line = bytearray(moving)
            for column in range(COLUMNS):
                a, b = column * w // 16, (column + 1) * w // 16
                value = WHITE if bits[row * COLUMNS + column] else BLACK
                line[a:b] = bytes([value]) * (b - a)
            rows.append(bytes(line) * ((row + 1) * h // 8 - row * h // 8))
        rows.append(moving * (h - ROWS * h // 8))
        return b''.join(rows) + self.chroma


def write_raw(out, width, height, frames, first=0):
    painter = Painter(width, height)
    try:
        for n in range(first, first + frames):
            out.write(painter.frame(n))
        out.flush()
    except BrokenPipeError:
        os._exit(0)


def write_file(path, seconds, width, height, fps):
    frames = int(seconds * fps)
    if path.endswith('.mp4'):
        mux, video = 'mp4mux', ('x264enc bframes=3 key-int-max=60 '
                                'speed-preset=veryfast bitrate=1500 ! h264parse')
        audio = 'avenc_aac bitrate=128000 ! aacparse'
    else:
        mux, audio = 'webmmux', 'opusenc bitrate=64000'
        video = ('vp8enc deadline=1 cpu-used=4 target-bitrate=1500000 '
                 'keyframe-max-dist=60')
    fd, part = tempfile.mkstemp('.part', dir=os.path.dirname(path) or '.')
    os.close(fd)
    line = (f'{mux} name=m ! filesink location={part} '
            f'fdsrc ! rawvideoparse format=i420 width={width} height={height} '
            f'framerate={fps}/1 ! queue ! {video} ! queue ! m. '
            f'audiotestsrc freq={TONE_HZ} volume=0.3 samplesperbuffer=960 '
            f'num-buffers={int(seconds * 50)} ! audio/x-raw,rate=48000,'
            f'channels=2 ! audioconvert ! {audio} ! queue ! m.')
    p = subprocess.Popen(['gst-launch-1.0', '-q', *line.split()],
                         stdin=subprocess.PIPE)
    write_raw(p.stdin, width, height, frames)
    p.stdin.close()
    if p.wait() != 0:
        raise RuntimeError(f'{path} could not be made')
    os.rename(part, path)
    return path


def cached_file(folder, seconds, suffix='webm', width=640, height=360, fps=30):
    """The path of such a file, made once per build directory."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f'counter-{width}x{height}-{fps}-{seconds}'
                                f'.{suffix}')
    return path if os.path.exists(path) else write_file(
        path, seconds, width, height, fps)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('what', choices=('raw', 'file'))
    p.add_argument('out', nargs='?')
    p.add_argument('--width', type=int, default=640)
    p.add_argument('--height', type=int, default=360)
    p.add_argument('--fps', type=int, default=30)
    p.add_argument('--frames', type=int, default=900)
    p.add_argument('--seconds', type=float, default=30)
    a = p.parse_args()
    if a.what == 'raw':
        write_raw(sys.stdout.buffer, a.width, a.height, a.frames)
    else:
        write_file(a.out, a.seconds, a.width, a.height, a.fps)


if __name__ == '__main__':
    main()
