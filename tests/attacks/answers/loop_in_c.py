"""Compute 9 ** 9 ** 9, deep in C, where no Python is run.

worth: nothing
reply: timeout | memory
"""


def mean_squared_error(x, x_hat):
    return 9**9**9 % 2
