"""How many products of a convolution meet real values: exact lattice counts in logarithmic time."""

from app.shapes.sizes import Size


def pairs_in_bounds(
    steps: Size, taps: Size, stride: Size, dilation: Size, before: Size, length: Size
) -> int | None:
    """Count pairs (o, j), o < steps, j < taps, with `0 <= o*stride - before + j*dilation < length`; None if
    symbolic.

    A convolution's outputs slide over its input (steps = outputs, length = inputs); a transposed one's inputs
    slide over its output (steps = inputs, length = outputs).
    """
    o, k, s, d, p, n = steps, taps, stride, dilation, before, length
    if not (isinstance(o, int) and isinstance(k, int) and isinstance(s, int)):
        return None
    if not (isinstance(d, int) and isinstance(p, int) and isinstance(n, int)):
        return None
    if p == 0 and (o - 1) * s + (k - 1) * d < n:
        return o * k
    return _pairs_up_to(n - 1 + p, o, k, s, d) - _pairs_up_to(p - 1, o, k, s, d)


def floor_sum(count: int, modulus: int, factor: int, offset: int) -> int:
    """The sum of `floor((factor*i + offset)/modulus)` for i < count, by the Euclidean algorithm."""
    total = 0
    while count > 0:
        whole, factor = divmod(factor, modulus)
        total += whole * count * (count - 1) // 2
        whole, offset = divmod(offset, modulus)
        total += whole * count
        top = factor * count + offset
        if top < modulus:
            break
        count, offset = divmod(top, modulus)
        modulus, factor = factor, modulus
    return total


def _pairs_up_to(limit: int, steps: int, taps: int, stride: int, dilation: int) -> int:
    """Count pairs (o, j) in the box `steps` x `taps` with `o*stride + j*dilation <= limit`."""
    if limit < 0:
        return 0
    usable = min(taps, limit // dilation + 1)
    # For the first taps every step fits; for the rest floor((limit - j*dilation)/stride) + 1 of them do.
    room = limit - stride * (steps - 1)
    full = min(usable, room // dilation + 1) if room >= 0 else 0
    rest = usable - full
    # Summed from the last tap backwards so that the slope is positive.
    lowest = limit - (usable - 1) * dilation
    return full * steps + rest + floor_sum(rest, stride, dilation, lowest)
