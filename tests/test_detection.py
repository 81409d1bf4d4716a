"""Intervals of shares, against sums of binomial terms and against chance itself."""

import math

import numpy as np
import pytest

from course.detection import false_alarm_band, share_interval


def at_most(hits, n, p):
    """The chance of at most so many hits, term by term."""
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(hits + 1))


@pytest.mark.parametrize(("hits", "n"), [(1, 10), (5, 10), (9, 10), (3, 100), (50, 60)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_the_ends_are_where_the_tails_have_their_share(hits, n, confidence):
    low, high = share_interval(hits, n, confidence)
    tail = (1 - confidence) / 2
    assert at_most(hits, n, high) == pytest.approx(tail)
    assert 1 - at_most(hits - 1, n, low) == pytest.approx(tail, rel=1e-6)
    assert low < hits / n < high


def test_none_and_all():
    assert share_interval(0, 10) == pytest.approx((0, 1 - 0.025 ** (1 / 10)))
    assert share_interval(10, 10) == pytest.approx((0.025 ** (1 / 10), 1))


@pytest.mark.parametrize(("rate", "n", "m"), [(0.05, 200, 300), (0.2, 50, 400), (0.1, 400, 40)])
def test_the_band_holds_what_happens(rate, n, m):
    """Draw scores, set the threshold, count alarms: outside as often as the band says."""
    rng = np.random.default_rng(3)
    low, high = false_alarm_band(rate, n, m, confidence=0.9)
    outside = {"below": 0, "above": 0}
    for _ in range(4000):
        threshold = np.sort(rng.exponential(size=n))[::-1][int(rate * n)]
        alarms = np.mean(rng.exponential(size=m) > threshold)
        outside["below"] += alarms < low
        outside["above"] += alarms > high
    # Counts are whole, so the tails hold at most 5 % each, and not much less.
    for times in outside.values():
        assert 0.005 * 4000 < times < 0.06 * 4000


def test_more_validation_data_narrows_the_band_down_to_the_binomial():
    widths = [np.diff(false_alarm_band(0.05, n, 1000))[0] for n in (100, 1000, 10**7)]
    assert widths[0] > widths[1] > widths[2]
    # 95 % of a binomial of 1,000 trials at 0.05, term by term.
    low, high = false_alarm_band(0.05, 10**7, 1000)
    assert (
        at_most(round(low * 1000) - 1, 1000, 0.05) < 0.025 <= at_most(round(low * 1000), 1000, 0.05)
    )
    assert (
        at_most(round(high * 1000) - 1, 1000, 0.05)
        < 0.975
        <= at_most(round(high * 1000), 1000, 0.05)
    )


def test_29_per_cent_of_100_scores_are_29():
    """In floats 0.29 * 100 is 28.999999999999996."""
    assert false_alarm_band(0.29, 100, 500) == false_alarm_band(0.295, 100, 500)
    assert false_alarm_band(0.29, 100, 500) != false_alarm_band(0.285, 100, 500)


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_named(hits, n):
    with pytest.raises(ValueError, match=f"Received: {hits} of {n}"):
        share_interval(hits, n)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_in_per_cent_is_refused(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        share_interval(1, 2, confidence)
    with pytest.raises(ValueError, match="between 0 and 1"):
        false_alarm_band(0.05, 10, 10, confidence)


@pytest.mark.parametrize("rate", [0, 1, 5])
def test_a_rate_in_per_cent_is_refused(rate):
    with pytest.raises(ValueError, match=f"Received: {rate}"):
        false_alarm_band(rate, 10, 10)


@pytest.mark.parametrize("counts", [(0, 10), (10, 0)])
def test_a_band_needs_scores(counts):
    with pytest.raises(ValueError, match="at least one normal score"):
        false_alarm_band(0.1, *counts)
