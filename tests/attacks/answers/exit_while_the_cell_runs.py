"""Leave for good while the cell runs.

worth: nothing
reply: crashed
says: exit code 3
"""
import os


def mean_squared_error(x, x_hat):
    return np.mean((x - x_hat) ** 2)


os._exit(3)
