"""Simulated sensor series: heartbeats and the vibration of a bearing, normal and with known faults.

Both are models, not recordings: simple enough to read, and the truth about every window is known.
"""

from typing import NamedTuple

import numpy as np

BEAT_RATE = 160  # samples a second
BEAT_TIMES = (np.arange(128) - 48) / BEAT_RATE  # seconds from the R peak, -0.3 to 0.49
BEAT_KINDS = ("normal", "wide", "raised ST", "no P", "muscle", "lead off")

# Waves of a beat as bells: time from the R peak (s), width (s, standard deviation), height (mV).
_WAVES = {
    "P": (-0.17, 0.022, 0.13),
    "Q": (-0.030, 0.010, -0.10),
    "R": (0.0, 0.011, 1.00),
    "S": (0.030, 0.011, -0.22),
    "T": (0.26, 0.040, 0.28),
}

VIBRATION_RATE = 2048  # samples a second
VIBRATION_KINDS = ("normal", "imbalance", "bearing", "loose", "stopped")


class Series(NamedTuple):
    """Windows of series: values (n, length) float32, recording (n,) int, kind (n,) str."""

    values: np.ndarray
    recording: np.ndarray
    kind: np.ndarray


def simulate_heartbeats(recordings, beats, *, kinds=("normal",), seed=0, first=0):
    """Heartbeats as an electrocardiogram shows them, cut out around the R peak.

    A beat is a sum of five bells P, Q, R, S, T (McSharry et al. 2003, the shape only). Each
    recording has its own heights, widths and times; each beat varies by a few per cent, drifts
    with breathing (0.15 to 0.4 Hz, 0.05 mV) and has noise of 0.02 mV.

    The kinds: "wide" (no P, QRS three times as wide, T upside down: a beat that starts in the
    ventricle), "raised ST" (0.12 to 0.3 mV between S and T), "no P", "muscle" (noise of 0.12 mV),
    "lead off" (the electrode has come off: drift and noise alone).

    Args:
        recordings: how many, an int >= 1.
        beats: beats of each kind in each recording, an int >= 1.
        kinds: some of BEAT_KINDS.
        seed: an int >= 0.
        first: number of the first recording; a recording depends on its number and the seed alone.

    Returns:
        a `Series`; values in millivolts, 128 samples at 160 Hz, the times are BEAT_TIMES.

    Raises:
        ValueError: for an unknown kind or a count below 1.

    Example:
        >>> simulate_heartbeats(3, 10).values.shape
        (30, 128)
    """
    _checked({"recordings": recordings, "beats": beats}, kinds, BEAT_KINDS)
    parts = []
    for number in range(first, first + recordings):
        rng = np.random.default_rng([seed, 1, number])
        person = {
            name: (
                time * rng.uniform(0.88, 1.12),
                width * rng.uniform(0.85, 1.15),
                height * rng.lognormal(0, 0.2),
            )
            for name, (time, width, height) in _WAVES.items()
        }
        for kind in kinds:
            # A kind's own numbers: the same beats whichever other kinds are asked for.
            own = np.random.default_rng([seed, 2, number, BEAT_KINDS.index(kind)])
            parts.append((_beats(person, beats, kind, own), number, kind))
    return _series(parts)


def _beats(person, n, kind, rng):
    times, height = BEAT_TIMES, rng.lognormal(0, 0.06, size=(n, 1))
    shift = rng.normal(0, 0.004, size=(n, 1))
    values = np.zeros((n, len(times)))
    for name, (time, width, peak) in person.items():
        if kind == "lead off" or (name == "P" and kind in ("no P", "wide")):
            continue
        if kind == "wide":
            width = width * 3 if name in "QRS" else width
            time = time * 3 if name in "QS" else time
            peak = -peak if name == "T" else peak
        wobble = rng.lognormal(0, 0.05, size=(2, n, 1))
        values += wobble[0] * peak * _bell(times - time - shift, width * wobble[1])
    if kind == "raised ST":
        lift = rng.uniform(0.12, 0.3, size=(n, 1))
        values += lift * _step(times - 0.05, 0.01) * _step(0.2 - times, 0.03)
    values *= height
    rate, phase = rng.uniform(0.15, 0.4, size=(n, 1)), rng.uniform(0, 2 * np.pi, size=(n, 1))
    values += 0.05 * np.sin(2 * np.pi * rate * times + phase)
    return values + rng.normal(0, 0.12 if kind == "muscle" else 0.02, size=values.shape)


def simulate_vibration(machines, windows, *, kinds=("normal",), seed=0, first=0):
    """Vibration of a turning shaft on a ball bearing, in short windows.

    Normal: tones at 1, 2 and 3 times the shaft's speed (28 to 32 Hz; the first of about 1 m/s²)
    with random phases, and noise of 0.3 m/s². The machines differ in speed and heights, the
    windows in load (±10 %).

    The kinds: "imbalance" (the first tone three times as high), "bearing" (an impact every 1/3.6 of
    a turn, each a ringing of 600 Hz that dies away in 3 ms; McFadden & Smith 1984), "loose" (a tone
    at half the speed), "stopped" (noise alone).

    Args:
        machines: how many, an int >= 1.
        windows: windows of each kind from each machine, an int >= 1.
        kinds: some of VIBRATION_KINDS.
        seed: an int >= 0.
        first: number of the first machine; a machine depends on its number and the seed alone.

    Returns:
        a `Series`; values in m/s², 512 samples at 2,048 Hz, a quarter of a second.

    Raises:
        ValueError: for an unknown kind or a count below 1.

    Example:
        >>> simulate_vibration(2, 5, kinds=("normal", "bearing")).kind[[0, -1]]
        array(['normal', 'bearing'], dtype='<U7')
    """
    _checked({"machines": machines, "windows": windows}, kinds, VIBRATION_KINDS)
    parts = []
    for number in range(first, first + machines):
        rng = np.random.default_rng([seed, 3, number])
        speed, heights = rng.uniform(28, 32), np.array([1, 0.5, 0.25]) * rng.lognormal(0, 0.2, 3)
        for kind in kinds:
            own = np.random.default_rng([seed, 4, number, VIBRATION_KINDS.index(kind)])
            parts.append((_windows(speed, heights, windows, kind, own), number, kind))
    return _series(parts)


def _windows(speed, heights, n, kind, rng):
    times = np.arange(512) / VIBRATION_RATE
    load = rng.uniform(0.9, 1.1, size=(n, 1))
    tones = {order: height for order, height in zip((1, 2, 3), heights, strict=True)}
    if kind == "stopped":
        tones = {}
    elif kind == "imbalance":
        tones[1] *= 3
    elif kind == "loose":
        tones[0.5] = 0.8
    values = rng.normal(0, 0.3, size=(n, len(times)))
    for order, height in tones.items():
        phase = rng.uniform(0, 2 * np.pi, size=(n, 1))
        values += load * height * np.sin(2 * np.pi * order * speed * times + phase)
    if kind == "bearing":
        since = np.mod(times + rng.uniform(0, 1, size=(n, 1)), 1 / (3.6 * speed))
        values += load * 2.0 * np.exp(-since / 0.003) * np.sin(2 * np.pi * 600 * since)
    return values


def _bell(t, width):
    return np.exp(-0.5 * (t / width) ** 2)


def _step(t, width):
    """From 0 to 1 within a few widths."""
    return 0.5 * (1 + np.tanh(t / width))


def _checked(counts, kinds, known):
    for name, count in counts.items():
        if not isinstance(count, int | np.integer) or count < 1:
            raise ValueError(f"`{name}` must be an int >= 1. Received: {count!r}.")
    if isinstance(kinds, str) or not kinds or set(kinds) - set(known):
        raise ValueError(f"kinds must be some of {known}, as a tuple. Received: {kinds!r}.")


def _series(parts):
    values = np.concatenate([v for v, _, _ in parts]).astype(np.float32)
    return Series(
        values,
        np.concatenate([np.full(len(v), number) for v, number, _ in parts]),
        np.concatenate([np.full(len(v), kind) for v, _, kind in parts]),
    )
