"""What callers pass to the functions that make data, checked."""

import operator


def count(name, value):
    """The int `value`.

    Args:
        name: of the argument, for the message.
        value: an int >= 0.

    Raises:
        TypeError, ValueError: if it is none; the message says what to pass instead.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"`{name}` must be an int >= 0. Received: {value!r}.")
    if number < 0:
        raise ValueError(f"`{name}` must be an int >= 0. Received: {value!r}.")
    return number
