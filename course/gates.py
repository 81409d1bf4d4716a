"""Gates: the claims of a chapter, executed.

A gate prints the number behind a claim, or stops the notebook and says what should have been.
"""

import math

PASSED = "gate passed:"


class GateFailed(AssertionError):
    """A claim of the chapter did not hold in this run."""


def gate(claim, value, *, at_least=None, at_most=None):
    """Assert that a measured number lies within its bounds, and print it.

    Args:
        claim: the claim in words, as a reader would say it.
        value: the measured number.
        at_least: smallest value for which the claim holds.
        at_most: largest value for which the claim holds.

    Raises:
        GateFailed: if `value` is outside the bounds or is not a finite number.
        ValueError: if no bound is given: a gate that cannot fail is no gate.

    Example:
        >>> gate("the linear autoencoder is as good as PCA", 1.004, at_most=1.04)
        gate passed: the linear autoencoder is as good as PCA: 1.004 (at most 1.04)
    """
    if at_least is None and at_most is None:
        raise ValueError(f"Give the gate {claim!r} a bound: at_least=, at_most= or both.")
    value = float(value)
    holds = (
        math.isfinite(value)
        and (at_least is None or value >= at_least)
        and (at_most is None or value <= at_most)
    )
    digits = 4 if holds else 9  # 0.85004 must not read "0.85, expected at most 0.85"
    bounds = " and ".join(
        f"{word} {bound:.{digits}g}"
        for word, bound in (("at least", at_least), ("at most", at_most))
        if bound is not None
    )
    if not holds:
        raise GateFailed(
            f"gate failed: {claim}: measured {value:.{digits}g}, expected {bounds}. If you changed "
            "the settings or the data, that is a finding; if not, run the chapter from the top."
        )
    print(f"{PASSED} {claim}: {value:.4g} ({bounds})")
