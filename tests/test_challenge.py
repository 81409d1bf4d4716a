"""Challenges are scored on arrays: cheats, a first idea and good work must come out in order."""

import dataclasses

import numpy as np
import pytest

from course.corruption import blur
from course.exercises.challenge import (
    MEASURES,
    Challenge,
    Level,
    find_challenge,
    levels_panel,
    score_panel,
)
from course.restoration import interpolate_rows, median

MAIN, BONUS = find_challenge("5"), find_challenge("5b")


@pytest.fixture(scope="module")
def digits():
    """Drawn digits to judge with, and others to score; the judge is the nearest class mean."""
    from course.data import load_digits

    (x, y), (xt, yt) = load_digits("drawn", say=lambda line: None)
    return x[:20_000], y[:20_000], xt[:400], yt[:400]


@pytest.fixture(scope="module")
def read(digits):
    """A judge that needs no training: the label of the nearest training image."""
    x, y, xt, yt = digits
    flat, square = x.reshape(len(x), -1), (x**2).sum(axis=(1, 2, 3))

    def nearest(images):
        return y[(square - 2 * images.reshape(len(images), -1) @ flat.T).argmin(axis=1)]

    assert np.mean(nearest(xt) == yt) > 0.93
    return nearest


def part_way(digits, read, share, seed=0):
    """The occluded images moved by a share of the way to the clean ones, a little blurred."""
    *_, xt, yt = digits
    given = MAIN.questions(xt, seed)["occluded"]
    restored = given + share * (blur(xt, 0.4) - given)
    return MAIN.score(restored, xt, yt, read, seed)


def test_cheats_earn_nothing(digits, read):
    x, _, xt, yt = digits
    for challenge in (MAIN, BONUS):
        given = challenge.questions(xt)
        for cheat in (
            given["occluded"],
            np.zeros_like(xt),
            np.ones_like(xt),
            np.full_like(xt, 0.13),
            np.broadcast_to(x.mean(axis=0), xt.shape),
            np.roll(xt, 1, axis=0),  # real digits, but others
        ):
            assert challenge.score(cheat, xt, yt, read).points == 0


def test_better_work_earns_more(digits, read):
    *_, xt, yt = digits
    given = BONUS.questions(xt)
    points = [part_way(digits, read, share).points for share in (0, 0.3, 0.6, 0.8, 1)]
    assert points == sorted(points)
    assert points[0] == 0 and points[-1] >= 4
    assert len(set(points)) >= 3
    first_idea = MAIN.score(median(given["occluded"], 5), xt, yt, read).points
    line = interpolate_rows(**{"images": given["occluded"], "masks": given["masks"]})
    assert first_idea <= 2 < MAIN.score(line, xt, yt, read).points
    perfect = MAIN.score(xt, xt, yt, lambda images: yt)
    assert perfect.points == perfect.possible == MAIN.points == 8
    assert BONUS.score(xt, xt, yt, read).points == BONUS.points == 3


def test_the_bonus_starts_beyond_the_straight_line(digits, read):
    *_, xt, yt = digits
    given = BONUS.questions(xt)
    line = interpolate_rows(given["occluded"], given["masks"])
    score = BONUS.score(line, xt, yt, read)
    assert score.points == 0
    assert score.values["gain"] == pytest.approx(0, abs=1e-4)
    # Halve the error under the tape: a quarter of the MSE, 6 dB.
    assert BONUS.score((line + xt) / 2, xt, yt, read).values["gain"] == pytest.approx(6.02, abs=0.1)


def test_the_measures_are_what_they_are_called(digits, read):
    *_, xt, yt = digits
    spoilt = np.clip(xt + 0.1, 0, 1)
    score = MAIN.score(spoilt, xt, yt, read)
    assert score.values["read"] == np.mean(read(spoilt) == yt)
    error = np.mean((spoilt.astype(float) - xt) ** 2)
    assert score.values["psnr"] == pytest.approx(10 * np.log10(1 / error), abs=1e-3)
    assert set(score.values) == {"read", "psnr"}


def test_other_images_from_another_seed_are_scored_by_the_same_description(digits, read):
    *_, xt, yt = digits
    public, secret = MAIN.questions(xt)["occluded"], MAIN.questions(xt, 77)["occluded"]
    np.testing.assert_array_equal(public, MAIN.questions(xt, 0)["occluded"])
    assert not np.array_equal(public, secret)
    np.testing.assert_array_equal(BONUS.questions(xt, 77)["occluded"], secret)
    for seed in (0, 77):  # the baseline is that of the same seed
        shown = BONUS.questions(xt, seed)
        line = interpolate_rows(shown["occluded"], shown["masks"])
        assert BONUS.score(line, xt, yt, read, seed).values["gain"] == pytest.approx(0, abs=1e-4)


def test_a_question_shows_the_tape_and_nothing_else(digits):
    *_, xt, _ = digits
    assert set(MAIN.questions(xt)) == {"occluded"}
    occluded, masks = BONUS.questions(xt).values()
    assert masks.shape == xt.shape[:3] and masks.sum(axis=(1, 2)).tolist() == [56] * len(xt)
    assert (occluded[masks] == 1).all()
    np.testing.assert_array_equal(occluded[~masks], xt[~masks])


@pytest.mark.parametrize("shape", [(400, 28, 28, 1), (400, 28, 28), (400, 784)])
def test_the_usual_shapes_and_values_beyond_the_range_are_taken(digits, read, shape):
    *_, xt, yt = digits
    beyond = np.where(xt > 0.99, 3.0, xt).reshape(shape)
    assert MAIN.score(beyond, xt, yt, read).values == pytest.approx(
        MAIN.score(np.clip(beyond, 0, 1), xt, yt, read).values
    )


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda x: x[:-1], ValueError, r"one restored image for each .* Received: \(399"),
        (lambda x: x[..., :14, :], ValueError, "Return one restored image for each"),
        (lambda x: np.where(x > 2, 0, np.nan), ValueError, "313600 of 313600 .* are NaN"),
        (lambda x: (255 * x).astype("uint8"), TypeError, "floats in .* Received: uint8"),
        (lambda x: None, TypeError, "floats in"),
        (lambda x: [[1.0], [1.0, 2.0]], TypeError, "floats in"),
        (lambda x: x.astype(complex), TypeError, "Received: complex128"),
    ],
)
def test_what_is_no_answer_is_named(digits, read, wrong, error, words):
    *_, xt, yt = digits
    with pytest.raises(error, match=words):
        MAIN.score(wrong(xt), xt, yt, read)


def test_labels_must_fit_the_images(digits, read):
    *_, xt, yt = digits
    with pytest.raises(ValueError, match="a digit for each image"):
        MAIN.score(xt, xt, yt[:-1], read)


@pytest.mark.parametrize("unknown", ["6", "5c", "", "b", None, "99", "../5"])
def test_an_unknown_challenge_is_named(unknown):
    with pytest.raises(ValueError, match="There is no challenge"):
        find_challenge(unknown)


def test_a_level_names_a_measure_and_points():
    with pytest.raises(ValueError, match="read, psnr, gain"):
        Level(1, "beauty", 1)
    for points in (0, 1.5):
        with pytest.raises(ValueError, match="at least 1"):
            Level(points, "psnr", 1)


def test_the_panels_tell_what_was_reached(digits, read):
    *_, xt, yt = digits
    score = MAIN.score(blur(xt, 1), xt, yt, read)
    text, markup = str(score_panel(MAIN, score)), score_panel(MAIN, score)._repr_html_()
    assert f"Homework 5: {score.points} of 8 points" in text and "Measured: " in text
    assert text.count("✓") == len(score.reached) and text.count("○") == 8 - len(score.reached)
    assert 0 < len(score.reached) < 8
    listed = str(levels_panel(MAIN))
    for level in MAIN.levels:
        assert level.words in listed and level.words in markup
    loud = dataclasses.replace(MAIN, title="<script>")
    assert "<script>" not in levels_panel(loud)._repr_html_()
    assert MEASURES[MAIN.levels[0].measure][0] in text


def test_a_challenge_of_ones_own():
    own = Challenge(
        "9",
        "half",
        "x",
        lambda images, seed: {"half": images / 2},
        lambda half: half,
        (Level(2, "psnr", 10),),
    )
    images = np.ones((2, 2, 2, 1))
    assert own.score(images / 2, images, [1, 1], len).points == 0
    assert own.score(images * 0.9, images, [1, 1], len).points == 2
