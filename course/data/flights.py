"""Paths of bees, simulated: many without a label, a few with one. Made with NumPy alone.

A path is 128 fixes of (x, y) in metres at equal steps in time. There are four kinds. `U(a, b)` is
uniform, `N(m, s)` normal; every path draws its own numbers.

    dance     a waggle dance on the comb, filmed every 1/30 s. A straight run of U(0.2, 1.5) s at
              U(12, 18) mm/s; meanwhile the bee waggles sideways by U(0.5, 2.5) mm, U(12, 14) times
              a second. Then a half ellipse back to the start in U(1.2, 2.2) s, U(6, 12) mm wide,
              left and right by turns. Runs differ in direction by N(0, 0.2) rad; the whole drifts
              by up to 3 mm/s.
    foraging  a trip from the hive to a patch of flowers and back, a fix a second, U(0.3, 0.7) of
              the time in the patch: 4 to 20 visits within N(0, U(4, 30)) m of its middle; the bee
              sits for 0.6 of a visit. Out at N(5, 0.8) m/s, back more slowly, another way. The
              record begins up to 0.2 of the trip too late and ends up to 0.4 too early.
    transit   a flight across country, a fix a second, at N(5, 0.8) m/s. The course sways by
              U(0.05, 0.5) rad and bends up to twice, by U(0.3, 2) rad, at a landmark; 4 in 10 bees
              rest at a flower for U(0.05, 0.4) of the record.
    search    a Levy flight, a fix a second, at U(3, 6) m/s: straight pieces of random direction, of
              a length l with density l^-mu from U(2, 6) to 200 m, mu from U(1.4, 2.4). (Reynolds et
              al. 2007, Ecology 88: bees that search a lost food source, mu about 2.) 4 in 10 are
              seen coming first, in a straight line for U(0.1, 0.5) of the record.

Last, each path is turned by a random angle, mirrored by chance, moved (500 m in the field, 0.1 m on
the comb) and each fix jittered: N(0, U(0.5, 5)) m in the field, N(0, U(0.2, 1.2)) mm on the comb.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course.data import cache
from course.data.arguments import count

CLASSES = ("dance", "foraging", "transit", "search")
FIXES = 128  # of a path
UNLABELLED = -1
CHUNK = 1000  # flights simulated together; it is part of what a seed means
LONGEST_PIECE = 200.0  # metres, of a search
PIECES = 400  # of a search; more than any path needs


class Flights(NamedTuple):
    """Simulated flights with all that is known of them.

    Shapes:
        paths (n, 128, 2) float32, metres, with jitter; kinds (n,) int64, indices into CLASSES; true
        (n, 128, 2) float32, metres, without jitter; angles (n,) float32, radians: by how much the
        path was turned, which for a dance is the direction of its runs; steps (n,) float32, seconds
        from fix to fix.
    """

    paths: np.ndarray
    kinds: np.ndarray
    true: np.ndarray
    angles: np.ndarray
    steps: np.ndarray


def load_flights(*, labelled=1000, unlabelled=9000, test=2000, seed=0, say=print):
    """Load paths of bees, from the cache or simulated now: a few with labels, many without.

    The labels of the unlabelled paths are not hidden, they are in no file.

    Args:
        labelled: number of training paths with a label, an int >= 0; they come first.
        unlabelled: number of training paths without one, an int >= 0.
        test: number of test paths, an int >= 0; they share no randomness with the others.
        seed: an int >= 0; another seed simulates other flights.
        say: takes one line of text.

    Returns:
        `(x_train, y_train), (x_test, y_test), classes`; `classes` is a tuple of names.

    Shapes:
        x (n, 128, 2) float32, metres; y (n,) int64, indices into classes, -1 for no label.

    Raises:
        TypeError, ValueError: if an argument is not as said.

    Example:
        >>> (x_train, y_train), (x_test, y_test), classes = load_flights()
        Flights: 1,000 with a label, 9,000 without, 2,000 to test
        >>> classes[y_train[0]]
        'transit'
    """
    labelled, unlabelled = count("labelled", labelled), count("unlabelled", unlabelled)
    test, seed = count("test", test), count("seed", seed)
    made = []

    def make():
        made.append(True)
        train = simulate_flights(labelled + unlabelled, 2 * seed)
        hidden = simulate_flights(test, 2 * seed + 1)  # no randomness in common
        train.kinds[labelled:] = UNLABELLED
        return {
            "x_train": train.paths,
            "y_train": train.kinds,
            "x_test": hidden.paths,
            "y_test": hidden.kinds,
        }

    name = f"flights-{_version()}-{labelled}-{unlabelled}-{test}-{seed}"
    arrays = cache.load_or_make(name, make, say)
    if made:
        cache.forget("flights-", keep=f"flights-{_version()}-")
    say(f"Flights: {labelled:,} with a label, {unlabelled:,} without, {test:,} to test")
    pairs = [(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")]
    return *pairs, CLASSES


def simulate_flights(n, seed):
    """Simulate `n` flights of random kinds.

    The first flights of a seed are the same whatever `n` is. Different seeds share no randomness.

    Args:
        n: number of flights, an int >= 0.
        seed: an int >= 0.

    Returns:
        `Flights`.

    Raises:
        TypeError, ValueError: if an argument is not as said.

    Example:
        >>> simulate_flights(10, seed=0).paths.shape
        (10, 128, 2)
    """
    n, seed = count("n", n), count("seed", seed)
    flights = Flights(
        np.empty((n, FIXES, 2), np.float32),
        np.empty(n, np.int64),
        np.empty((n, FIXES, 2), np.float32),
        np.empty(n, np.float32),
        np.empty(n, np.float32),
    )
    for start in range(0, n, CHUNK):
        # A whole chunk is made even if a part is wanted, so that `n` does not change the flights.
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(start // CHUNK,)))
        here = slice(start, start + CHUNK)
        for whole, part in zip(flights, _chunk(rng), strict=True):
            whole[here] = part[: len(whole[here])]
    return flights


def _chunk(rng):
    """CHUNK flights, as the fields of Flights, in float64."""
    kinds = rng.integers(len(CLASSES), size=CHUNK)
    true = np.empty((CHUNK, FIXES, 2))
    for kind, motion in enumerate((_dance, _foraging, _transit, _search)):
        here = np.flatnonzero(kinds == kind)
        true[here] = motion(rng, len(here))
    comb = kinds == 0
    angles = rng.uniform(0, 2 * np.pi, CHUNK)
    true[..., 1] *= rng.choice([-1.0, 1.0], (CHUNK, 1))
    true = _turned(true, angles[:, None])
    true += rng.uniform(-1, 1, (CHUNK, 1, 2)) * np.where(comb, 0.1, 500)[:, None, None]
    jitter = np.where(comb, rng.uniform(2e-4, 12e-4, CHUNK), rng.uniform(0.5, 5, CHUNK))
    paths = true + jitter[:, None, None] * rng.normal(size=true.shape)
    return paths, kinds, true, angles, np.where(comb, 1 / 30, 1.0)


def _dance(rng, n):
    """Waggle runs along x with return loops. -> (n, FIXES, 2)."""
    run, back = rng.uniform(0.2, 1.5, (n, 1)), rng.uniform(1.2, 2.2, (n, 1))
    length = run * rng.uniform(0.012, 0.018, (n, 1))
    width, amplitude = rng.uniform(0.006, 0.012, (n, 1)), rng.uniform(0.0005, 0.0025, (n, 1))
    t = np.arange(FIXES) / 30 + rng.uniform(0, 1, (n, 1)) * 2 * (run + back)
    circuit, phase = np.divmod(t, run + back)
    circuit = circuit.astype(int)
    running = phase < run
    # The waggle swells and fades within a tenth of a second, so that no fix jumps.
    swell = np.clip(np.minimum(phase, run - phase) / 0.1, 0, 1)
    waggle = np.sin(2 * np.pi * rng.uniform(12, 14, (n, 1)) * t)
    turn = np.pi * (phase - run) / back
    along = np.where(running, length * phase / run, length / 2 * (1 + np.cos(turn)))
    side = np.where(circuit % 2, -1, 1)
    across = np.where(running, amplitude * swell * waggle, side * width * np.sin(turn))
    scatter = rng.normal(0, 0.2, (n, 8))  # a film of 4.3 s shows at most 6 circuits
    path = np.stack([along, across], axis=-1)
    path = _turned(path, np.take_along_axis(scatter, circuit, axis=1))
    drift = rng.uniform(-0.003, 0.003, (n, 1, 2)) / np.sqrt(2)
    return path + drift * t[..., None]


def _foraging(rng, n):
    """Out along x to a patch, from flower to flower, and back. -> (n, FIXES, 2)."""
    first, last = rng.uniform(0, 0.2, (n, 1)), rng.uniform(0.6, 1, (n, 1))
    p = first + (last - first) * np.linspace(0, 1, FIXES)  # share of the trip that is over
    seconds = (FIXES - 1) / (last - first)  # of the whole trip
    feed = rng.uniform(0.3, 0.7, (n, 1))
    out = (1 - feed) * rng.uniform(0.4, 0.5, (n, 1))
    distance = out * seconds * rng.normal(5, 0.8, (n, 1))
    away = np.clip(np.minimum(p / out, (1 - p) / (1 - out - feed)), 0, 1)  # 0 hive, 1 patch
    there = np.where(p < out, *rng.normal(0, 0.12, (2, n, 1)))  # the way back is another
    sway = rng.normal(0, 0.02, (n, 1)) * np.sin(away * rng.uniform(4, 12, (n, 1)))
    across = distance * (there + sway) * np.sin(np.pi * away)
    visits = rng.integers(4, 20, (n, 1), endpoint=True)
    flowers = rng.normal(0, 1, (n, 22, 2)) * rng.uniform(4, 30, (n, 1, 1))
    visit, part = np.divmod(np.clip((p - out) / feed, 0, 1) * visits, 1)
    visit = visit.astype(int)
    for j in (0, 1):  # the way begins and ends in the middle of the patch
        flowers[np.arange(n), j * visits[:, 0]] = 0
    flying = np.clip((part - 0.6) / 0.4, 0, 1)[..., None]
    here, there = (np.take_along_axis(flowers, visit[..., None] + j, axis=1) for j in (0, 1))
    here = np.where((visit == visits)[..., None], 0, here + flying * (there - here))
    return np.stack([distance * away, across], axis=-1) + here


def _transit(rng, n):
    """A course near x that sways and may bend. -> (n, FIXES, 2)."""
    s = np.linspace(0, 1, FIXES)
    course = np.zeros((n, FIXES))
    for _ in range(2):
        course += np.sin(rng.uniform(3, 20, (n, 1)) * s + rng.uniform(0, 2 * np.pi, (n, 1)))
    course *= rng.uniform(0.05, 0.5, (n, 1)) / 2
    for _ in range(2):
        bend = rng.uniform(0.3, 2, (n, 1)) * rng.choice([-1, 0, 1], (n, 1))
        course += bend * np.clip((s - rng.uniform(0.2, 0.8, (n, 1))) * 20, 0, 1)
    speed = rng.normal(5, 0.8, (n, 1)) * (1 + 0.1 * np.sin(rng.uniform(3, 20, (n, 1)) * s))
    rest = rng.uniform(0.05, 0.4, (n, 1)) * (rng.uniform(size=(n, 1)) < 0.4)
    start = rng.uniform(0, 1, (n, 1)) * (1 - rest)
    speed = np.where((start <= s) & (s < start + rest), 0, speed)
    return np.cumsum(speed[..., None] * np.stack([np.cos(course), np.sin(course)], -1), axis=1)


def _search(rng, n):
    """Straight pieces of a power-law length and a random direction. -> (n, FIXES, 2)."""
    mu, shortest = rng.uniform(1.4, 2.4, (n, 1)), rng.uniform(2, 6, (n, 1))
    lengths = _power_law(rng.uniform(size=(n, PIECES)), mu, shortest, LONGEST_PIECE)
    course = rng.uniform(0, 2 * np.pi, (n, PIECES))
    speed = rng.uniform(3, 6, (n, 1))
    coming = rng.uniform(0.1, 0.5, n) * (rng.uniform(size=n) < 0.4)
    lengths[:, 0] = np.where(coming, speed[:, 0] * coming * FIXES, lengths[:, 0])
    pieces = lengths[..., None] * np.stack([np.cos(course), np.sin(course)], -1)
    corners = np.concatenate([np.zeros((n, 1, 2)), np.cumsum(pieces, axis=1)], axis=1)
    until = np.concatenate([np.zeros((n, 1)), np.cumsum(lengths, axis=1)], axis=1)
    flown = speed * np.arange(FIXES)
    path = np.empty((n, FIXES, 2))
    for i in range(n):
        for axis in (0, 1):
            path[i, :, axis] = np.interp(flown[i], until[i], corners[i, :, axis])
    return path


def _power_law(u, mu, low, high):
    """Numbers with density proportional to l**-mu on [low, high], from uniform u in [0, 1]."""
    a, b = low ** (1 - mu), high ** (1 - mu)
    return (a + u * (b - a)) ** (1 / (1 - mu))


def _turned(points, angles):
    """Points (n, FIXES, 2) turned about the origin by angles (n, FIXES) or (n, 1), in radians."""
    x, y = points[..., 0], points[..., 1]
    return np.stack(
        [np.cos(angles) * x - np.sin(angles) * y, np.sin(angles) * x + np.cos(angles) * y], axis=-1
    )


def _version():
    """A short name for what flights depend on but for their numbers and seed."""
    source = Path(__file__).read_bytes()
    return hashlib.sha256(source + np.__version__.encode()).hexdigest()[:12]
