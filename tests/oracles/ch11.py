"""Chapter 11 computed another way: by a ledger, by complex numbers, and pixel by pixel."""

import numpy as np


def moved_by_ledger(batches):
    """Write down every (step, part) pair once, then count."""
    ledger = set()
    for step, people in enumerate(batches.split()):
        for person in people:
            ledger |= {(step, "encoder"), (step, person)}
    return [sum(part == name for _, part in ledger) for name in ("encoder", "A", "B")]


def turned_as_complex(z, degrees):
    """A turn of the plane is a product with a complex number of length 1."""
    turned = [complex(x, y) * np.exp(-1j * np.deg2rad(degrees)) for x, y in z.tolist()]
    return [[number.real, number.imag] for number in turned]


def bent_pixel_by_pixel(nudges, size):
    places = []
    for i in range(size):
        at = i * (len(nudges) - 1) / (size - 1)
        left = min(int(at), len(nudges) - 2)
        nudge = nudges[left] + (at - left) * (nudges[left + 1] - nudges[left])
        places.append(min(max(i + nudge, 0), size - 1))
    return places


ORACLES = {
    "11.1": moved_by_ledger,
    "11.2": turned_as_complex,
    "11.3": bent_pixel_by_pixel,
}
