"""Recurse until C's stack is full.

worth: nothing
reply: crashed | error | memory
"""
import sys


def mean_squared_error(x, x_hat):
    sys.setrecursionlimit(10**9)

    class Deep:
        def __repr__(self):
            return repr(self)

    return repr(Deep())
