# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a far end read, as figures; and the bounds that mean "it plays"."""
import numpy

IN_ORDER, REPEAT_MS, TONE_DB, PSNR_DB = 0.95, 200, 20, 25


def counters(samples):
    """@samples: (milliseconds, number or None) per picture shown.

    in_order: numbers that were new and higher than all before, over how many
    there were to see between the first and the last. repeat_ms: the longest
    time without a new number.
    """
    read = [(t, n) for t, n in samples if n is not None]
    new, backwards, repeat_ms = [], 0, 0.0
    for t, n in read:
        if not new or n > new[-1][1]:
            if new:
                repeat_ms = max(repeat_ms, t - new[-1][0])
            new.append((t, n))
        elif n < new[-1][1]:
            backwards += 1
    if new:
        repeat_ms = max(repeat_ms, samples[-1][0] - new[-1][0])
    span = new[-1][1] - new[0][1] + 1 if new else 0
    return {'shown': len(samples), 'unreadable': len(samples) - len(read),
            'first': new[0][1] if new else None,
            'last': new[-1][1] if new else None, 'backwards': backwards,
            'in_order': len(new) / span if span else 0.0,
            'repeat_ms': round(repeat_ms, 1)}


def plays(figures, at_least=30):
    """None if @figures of counters() mean that it plays, else why not."""
    f = figures
    if f['first'] is None or f['last'] - f['first'] + 1 < at_least:
        return f'fewer than {at_least} pictures: {f}'
    if f['in_order'] < IN_ORDER:
        return f'only {f["in_order"]:.1%} of the pictures in order: {f}'
    if f['backwards']:
        return f'{f["backwards"]} pictures went backwards: {f}'
    if f['repeat_ms'] > REPEAT_MS:
        return f'one picture stood for {f["repeat_ms"]} ms: {f}'
    return None


def tone_db(samples, rate, hz=440):
    """Power at @hz (±25) over the power of all the rest, of mono floats."""
    size = 8192
    x = numpy.asarray(samples, dtype=numpy.float64)
    if len(x) < size:
        return float('-inf')
    power = numpy.zeros(size // 2 + 1)
    for i in range(0, len(x) - size + 1, size // 2):
        power += abs(numpy.fft.rfft(x[i:i + size] * numpy.hanning(size))) ** 2
    f = numpy.fft.rfftfreq(size, 1 / rate)
    tone = power[abs(f - hz) <= 25].sum()
    rest = power[(abs(f - hz) > 25) & (f > 20)].sum()
    if tone <= 0:
        return float('-inf')
    return float(10 * numpy.log10(tone / max(rest, 1e-12)))


def psnr(a, b):
    d = numpy.asarray(a, numpy.float64) - numpy.asarray(b, numpy.float64)
    mse = (d * d).mean()
    return 99.0 if mse == 0 else float(10 * numpy.log10(255 * 255 / mse))


def best_psnr(picture, frames):
    """(dB, index) of the one of @frames that looks most like @picture."""
    small = numpy.asarray(picture)[::4, ::4].astype(numpy.int32)
    errors = [(abs(f[::4, ::4].astype(numpy.int32) - small).mean(), i)
              for i, f in enumerate(frames)]
    return max((psnr(picture, frames[i]), i) for _, i in sorted(errors)[:5])
