"""Spoil Python for everybody: builtins, import hooks, hash, len. The next exercise is not hurt.

worth: nothing
reply: error | protocol | crashed | timeout | value
"""
import builtins
import json
import os
import sys


def mean_squared_error(x, x_hat):
    sys.meta_path.clear()
    sys.path[:] = ["/tmp"]
    json.dumps = lambda *a, **k: "{}"
    os.write = lambda fd, data: len(data)
    for name in ("len", "isinstance", "sorted", "print", "dict", "getattr"):
        setattr(builtins, name, lambda *a, **k: True)
    return 0.5
