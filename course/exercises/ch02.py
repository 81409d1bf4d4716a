"""Exercises of chapter 2: flips in a grid of digits, and the size of a code."""

from course.exercises.exercise import Exercise

# The grid of the lecture notes that this course follows: ten rows of ten digits, before and after
# an autoencoder with two latent variables.
NOTES_INPUT = (
    "7210414959 0690159784 9665407401 3134727121 1742351244 "
    "6355604195 7893746430 7027173277 1627847361 3673141769"
)
NOTES_2D = (
    "7210414989 0690159759 9665907401 3136727121 1792351294 "
    "6355604195 7893996430 7027173277 1627847361 3673141769"
)
NOTES_5D = NOTES_INPUT  # with five latent variables every digit of the grid is still read as it was


def _grids(rng):
    cases = [
        {"before": "12 34", "after": "12 84"},
        {"before": NOTES_INPUT, "after": NOTES_2D},
        {"before": NOTES_INPUT, "after": NOTES_5D},
    ]
    for n in (6, 12):
        before = rng.integers(0, 10, size=(n, 10))
        after = (before + (rng.uniform(size=before.shape) < 0.3) * 5) % 10
        cases.append({"before": _text(before), "after": _text(after)})
    return cases


def _text(grid):
    return " ".join("".join(str(digit) for digit in row) for row in grid)


def _codes(rng):
    cases = [{"latent_dim": 2, "levels": 256}, {"latent_dim": 32, "levels": 16}]
    drawn = zip(rng.integers(1, 100, size=3), rng.integers(2, 300, size=3), strict=True)
    return cases + [{"latent_dim": int(k), "levels": int(n)} for k, n in drawn]


EXERCISES = (
    Exercise("2.1", "count the flips", 1, _grids),
    Exercise("2.2", "which digit becomes which", 2, _grids),
    Exercise("2.3", "bits of a code", 1, _codes),
)
