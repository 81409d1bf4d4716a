"""Recurse for ever.

worth: nothing
reply: error
says: RecursionError
"""


def mean_squared_error(x, x_hat):
    return mean_squared_error(x, x_hat)
