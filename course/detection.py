"""How far a measured share may lie from the one that was set, by chance alone."""

from scipy.stats import beta, betabinom


def share_interval(hits, n, confidence=0.95):
    """Exact binomial interval of a share. (Clopper & Pearson 1934.)

    It covers the true share with at least this confidence, if the n trials are independent.

    Args:
        hits: how many of the n, an int from 0 to n.
        n: trials, an int >= 1.
        confidence: between 0 and 1.

    Returns:
        the low and the high end, from 0 to 1.

    Raises:
        ValueError: for counts or a confidence outside these ranges.

    Example:
        >>> share_interval(0, 10)  # the rule of three: at most about 3 / n
        (0.0, 0.3084971078187608)
    """
    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"Give n >= 1 trials and 0 to n hits. Received: {hits} of {n}.")
    tail = _tail(confidence)
    low = beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(1 - tail, hits + 1, n - hits) if hits < n else 1.0
    return float(low), float(high)


def false_alarm_band(rate, n_validation, n_test, confidence=0.95):
    """Where the share of false alarms on new normal data will lie.

    The threshold is the validation score with a share `rate` of the others above it. If new scores
    come from the same source, independently, the number above it is beta-binomial: a binomial
    whose share is itself uncertain, because a finite validation set drew the threshold.

    Args:
        rate: the share that was set, between 0 and 1.
        n_validation: normal scores that the threshold was taken from.
        n_test: new normal scores.
        confidence: between 0 and 1.

    Returns:
        the low and the high end of the share of false alarms.

    Raises:
        ValueError: for a rate, a count or a confidence outside these ranges.

    Example:
        >>> false_alarm_band(0.05, 5000, 5000)
        (0.0418, 0.059)
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate is a share between 0 and 1. Received: {rate}.")
    if n_validation < 1 or n_test < 1:
        raise ValueError(
            "Give at least one normal score to validate and one to test. "
            f"Received: {n_validation} and {n_test}."
        )
    tail = _tail(confidence)
    above = int(rate * n_validation + 1e-9)
    alarms = betabinom(n_test, above + 1, n_validation - above)
    return float(alarms.ppf(tail)) / n_test, float(alarms.ppf(1 - tail)) / n_test


def _tail(confidence):
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1. Received: {confidence}.")
    return (1 - confidence) / 2
