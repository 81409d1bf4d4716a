"""course.reproducibility: one seed reaches every source of chance."""

import numpy as np
import pytest
from chance import draws

from course.reproducibility import repeats, set_seed


def test_one_seed_sets_every_source():
    set_seed(1)
    first, later = draws(), draws()
    set_seed(np.uint32(1))
    again = draws()
    set_seed(2)
    other = draws()
    assert first == again
    for i in range(len(first)):
        assert first[i] != other[i] and first[i] != later[i]


def test_the_largest_seed_is_taken_and_others_are_refused():
    set_seed(2**32 - 1)
    for seed in (-1, 2**32, 1.0, "1", None, True, np.float32(1)):
        with pytest.raises(ValueError, match=r"0 to 2\*\*32 - 1\. Received: "):
            set_seed(seed)


@pytest.mark.parametrize("i", range(5))
def test_seeded_chance_repeats(i):
    assert repeats(lambda: np.float64(draws()[i])) is True


def test_what_the_seed_does_not_reach_is_found():
    counter = iter(range(10))
    assert repeats(lambda: next(counter)) is False
    rng = np.random.default_rng()
    assert repeats(lambda: [np.zeros(3), rng.normal(size=3)]) is False


def test_every_bit_counts_and_nan_equals_nan():
    assert repeats(lambda: np.array([np.nan, 1.0])) is True
    for pair in (
        [np.float64(1), np.nextafter(1.0, 2)],
        [np.float64(0.0), np.float64(-0.0)],
        [np.float32(0), np.int32(0)],
        [np.zeros(4, np.int8), np.zeros((2, 2), np.int8)],
        [[np.zeros(1)], [np.zeros(1), np.zeros(1)]],
    ):
        results = iter(pair)
        assert repeats(lambda results=results: next(results)) is False


def test_tensors_count_as_arrays():
    import keras

    assert repeats(lambda: keras.random.normal((3,))) is True


def test_objects_without_bits_of_their_own_are_refused():
    for result in ({"a": np.zeros(1)}, [np.zeros(1), {"b"}], None):
        with pytest.raises(TypeError, match="array or a list of arrays"):
            repeats(lambda result=result: result)
