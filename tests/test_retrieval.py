"""Search by bits against a loop over pairs; the bootstrap against the normal formula."""

import numpy as np
import pytest

from course.retrieval import bootstrap_interval, hamming_nearest

RNG = np.random.default_rng(8)


def slow_nearest(library, queries, k):
    rows, distances = [], []
    for query in queries.tolist():
        pairs = [
            (sum(a != b for a, b in zip(query, row, strict=True)), i)
            for i, row in enumerate(library.tolist())
        ]
        first = sorted(pairs)[:k]
        rows.append([i for _, i in first])
        distances.append([d for d, _ in first])
    return rows, distances


@pytest.mark.parametrize("bits", [1, 5, 8, 13, 32, 300])
@pytest.mark.parametrize("k", [1, 7, 60])
def test_the_nearest_are_those_of_a_loop(bits, k):
    library, queries = (RNG.uniform(size=(n, bits)) < 0.5 for n in (60, 9))
    rows, distances = hamming_nearest(library, queries, k)
    expected_rows, expected_distances = slow_nearest(library, queries, k)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_array_equal(distances, expected_distances)


def test_a_large_library_is_in_order_too():
    """NumPy sorts short arrays whole where it is asked for a part; this one it does not."""
    rng = np.random.default_rng(0)
    library, queries = (rng.uniform(size=(n, 16)) < 0.5 for n in (3000, 4))
    different = (library != queries[:, np.newaxis]).sum(axis=2)
    expected = np.argsort(different, axis=1, kind="stable")[:, :1000]
    rows, distances = hamming_nearest(library, queries, 1000)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(distances, np.take_along_axis(different, expected, axis=1))


def test_the_opposite_is_as_far_as_there_are_bits():
    code = RNG.uniform(size=(1, 300)) < 0.5
    assert hamming_nearest(~code, code, 1)[1] == 300


@pytest.mark.parametrize(
    ("library", "queries", "words"),
    [
        (np.zeros((3, 4)), np.zeros((1, 4), bool), "float64 of shape"),
        (np.zeros((3, 4), bool), np.zeros((1, 4), int), "int64 of shape"),
        (np.zeros(4, bool), np.zeros((1, 4), bool), r"shape \(4,\)"),
        (np.zeros((3, 4), bool), np.zeros((1, 5), bool), "4 and 5"),
    ],
)
def test_what_is_no_code_is_named(library, queries, words):
    with pytest.raises(ValueError, match=words):
        hamming_nearest(library, queries, 1)


@pytest.mark.parametrize("k", [0, 4])
def test_k_must_fit(k):
    with pytest.raises(ValueError, match=f"from 1 to 3. Received: {k}"):
        hamming_nearest(np.zeros((3, 2), bool), np.zeros((1, 2), bool), k)


@pytest.mark.parametrize(("confidence", "sigmas"), [(0.95, 1.96), (0.8, 1.2816)])
def test_the_bootstrap_is_near_the_normal_interval(confidence, sigmas):
    values = RNG.gamma(2, size=800)
    mean, low, high = bootstrap_interval(values, confidence=confidence, draws=4000)
    half = sigmas * values.std() / np.sqrt(len(values))
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=half / 10)


def test_the_bootstrap_draws_as_many_as_there_are_and_as_often_as_it_is_told():
    # Two of two values: half of the means lie in the middle.
    assert bootstrap_interval([0, 1], confidence=0.2) == (0.5, 0.5, 0.5)
    _, low, high = bootstrap_interval(np.arange(50), draws=1)
    assert low == high


def test_the_bootstrap_repeats_itself_and_knows_its_seed():
    values = RNG.normal(size=50)
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


@pytest.mark.parametrize("values", [[1.0], np.zeros((3, 2)), []])
def test_one_query_has_no_interval(values):
    with pytest.raises(ValueError, match=r"q >= 2"):
        bootstrap_interval(values)


def test_a_confidence_in_per_cent_is_refused():
    with pytest.raises(ValueError, match="Received: 95"):
        bootstrap_interval([1, 2], confidence=95)
