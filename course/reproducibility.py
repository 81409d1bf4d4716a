"""One seed for every source of chance, and a way to prove that a computation repeats itself."""

import numpy as np


def set_seed(seed, *, deterministic=False):
    """Seed Python, NumPy and Keras (with its backend) in one call.

    Args:
        seed: an int from 0 to 2**32 - 1.
        deterministic: also make TensorFlow use only operations that give the same bits each time.
            It holds for the rest of the process and can cost speed; TensorFlow cannot switch it off
            again.

    Raises:
        ValueError: if `seed` is not such an int.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"A seed is an int from 0 to 2**32 - 1. Received: {seed!r}.")
    import keras

    keras.utils.set_random_seed(int(seed))
    if deterministic:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def repeats(compute, *, seed=0):
    """Run a computation twice from the same seed and say whether every bit of the result agrees.

    Args:
        compute: a function without arguments that returns an array, or a list or tuple of arrays.
        seed: the seed that is set before each of the two runs.

    Returns:
        True if both runs gave equal shapes, dtypes and bits (NaN equals NaN).

    Raises:
        TypeError: if the result is something else, such as a dict.

    Example:
        >>> repeats(lambda: np.random.normal(size=3))
        True
    """
    runs = []
    for _ in range(2):
        set_seed(seed)
        result = compute()
        parts = result if isinstance(result, (list, tuple)) else [result]
        runs.append([np.asarray(part) for part in parts])
        if any(part.dtype.hasobject for part in runs[-1]):
            raise TypeError(
                "compute must return an array or a list of arrays: the bits of other objects say "
                f"nothing. Received: {type(result).__name__}."
            )
    first, second = runs
    return len(first) == len(second) and all(
        a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
        for a, b in zip(first, second, strict=True)
    )
