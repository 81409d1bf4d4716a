"""Values in words, as a student reads them."""

import numpy as np


def case_line(case):
    """The arguments of a case in a line."""
    asked = ", ".join(f"{name} = {brief(value)}" for name, value in case.arguments.items())
    return f"Case: {asked}."


def brief(value):
    """A value in one short line."""
    if isinstance(value, np.ndarray) and not value.shape and value.dtype.kind in "fUS":
        value = value.item()
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=5, separator=", ").replace("\n", "")
        text = " ".join(text.split())
    else:
        text = f"{value:.6g}" if isinstance(value, float) else printable(repr, value)
    return text if len(text) <= 120 else text[:117] + "..."


def printable(form, value):
    """What str or repr makes of a student's object, whatever its own methods do."""
    try:
        return form(value).encode("utf-8", "replace").decode()
    except Exception:
        return f"<{type(value).__name__} that cannot be printed>"
