"""course.gates: a gate holds exactly where its bounds say so, and speaks either way."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from course.gates import PASSED, GateFailed, gate

number = st.floats(allow_nan=True, allow_infinity=True)
bound = st.none() | st.floats(-1e6, 1e6)


@given(number, bound, bound)
@example(math.inf, 0.0, None)
@example(-math.inf, None, 0.0)
@example(math.nan, 0.0, None)
@example(1.0, 1.0, 1.0)
def test_it_passes_exactly_within_its_bounds(value, low, high):
    assume(low is not None or high is not None)
    holds = -math.inf < value < math.inf and not (
        (low is not None and value < low) or (high is not None and value > high)
    )
    if holds:
        gate("claim", value, at_least=low, at_most=high)
    else:
        with pytest.raises(GateFailed):
            gate("claim", value, at_least=low, at_most=high)


def test_what_it_prints(capsys):
    gate("as good as PCA", np.float32(1.25), at_most=1.5)
    gate("in a band", 3, at_least=2, at_most=np.int64(3))
    assert capsys.readouterr().out == (
        f"{PASSED} as good as PCA: 1.25 (at most 1.5)\n"
        f"{PASSED} in a band: 3 (at least 2 and at most 3)\n"
    )


def test_a_failure_names_claim_number_bound_and_what_to_do(capsys):
    with pytest.raises(
        AssertionError, match=r"as good as PCA: measured 1\.6, expected at most 1\.5\. .*the top"
    ):
        gate("as good as PCA", 1.6, at_most=1.5)
    assert capsys.readouterr().out == ""


def test_a_near_miss_does_not_read_like_a_pass():
    with pytest.raises(GateFailed) as failure:
        gate("near", 0.850004, at_most=0.85)
    assert "measured 0.850004, expected at most 0.85." in str(failure.value)


def test_a_gate_without_a_bound_is_no_gate():
    with pytest.raises(ValueError, match=r"'anything'.*at_least=, at_most= or both"):
        gate("anything", 1.0)


def test_a_gate_cannot_be_confused_by_arrays():
    with pytest.raises((TypeError, GateFailed)):
        gate("all small", np.array([0.1, 0.2]), at_most=1)
