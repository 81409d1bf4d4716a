"""Return a generator that never ends, which would be a long list.

worth: nothing
reply: error
says: Return a number
"""


def mean_squared_error(x, x_hat):
    return (i for i in iter(int, 1))
