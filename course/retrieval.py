"""Search by bits, and how sure a mean over queries is."""

import numpy as np


def hamming_nearest(library, queries, k):
    """The k rows of the library that differ from each query in the fewest bits.

    Exact search: every row is compared, eight bits at a time (XOR, then count the ones). Rows at
    the same distance keep the library's order.

    Args:
        library: bits, bool (n, bits).
        queries: bits, bool (q, bits).
        k: neighbours, from 1 to n.

    Shapes:
        (n, bits) and (q, bits) -> rows (q, k) int64, distances (q, k) int64 in bits.

    Raises:
        ValueError: if these are no bits of one length, or k does not fit.

    Example:
        >>> rows, distances = hamming_nearest(np.eye(4, dtype=bool), np.eye(4, dtype=bool)[:1], 2)
        >>> rows, distances
        (array([[0, 1]]), array([[0, 2]]))
    """
    library, queries = np.asarray(library), np.asarray(queries)
    for bits in (library, queries):
        if bits.ndim != 2 or bits.dtype != bool:
            raise ValueError(
                "Give bits as bool arrays (n, bits), such as z > median. "
                f"Received: {bits.dtype} of shape {bits.shape}."
            )
    if library.shape[1] != queries.shape[1]:
        raise ValueError(
            "Library and queries need as many bits. "
            f"Received: {library.shape[1]} and {queries.shape[1]}."
        )
    if not 1 <= k <= len(library):
        raise ValueError(f"k must be from 1 to {len(library)}. Received: {k}.")
    packed, asked = np.packbits(library, axis=1), np.packbits(queries, axis=1)
    rows = np.empty((len(asked), k), dtype=np.int64)
    distances = np.empty((len(asked), k), dtype=np.int64)
    places = np.arange(len(packed))
    for i, query in enumerate(asked):
        different = np.bitwise_count(packed ^ query).sum(axis=1, dtype=np.int64)
        # One number for distance and place: its order is stable, and no full sort is needed.
        keys = different * len(packed) + places
        first = np.sort(np.partition(keys, k - 1)[:k])
        distances[i], rows[i] = np.divmod(first, len(packed))
    return rows, distances


def bootstrap_interval(values, *, draws=2000, confidence=0.95, seed=0):
    """The mean of one value per query, with the interval of a bootstrap over queries.

    Queries are drawn anew with replacement, as often as there are, and the mean is taken; the
    interval holds the middle of these means (Efron 1979). For two methods give the differences:
    their queries are the same. It knows nothing of another library or another training run.

    Args:
        values: one number per query, (q,), q >= 2.
        draws: how often to draw.
        confidence: between 0 and 1.
        seed: an int >= 0.

    Returns:
        mean, low end, high end.

    Raises:
        ValueError: for fewer than two values or a confidence outside its range.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"Give one number per query, (q,), q >= 2. Received: {values.shape}.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1. Received: {confidence}.")
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, len(values)).mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(values.mean()), float(low), float(high)
