"""The right value, but the caller's arrays are spoilt.

worth: nothing
reply: value
"""


def mean_squared_error(x, x_hat):
    x_hat -= x
    return np.mean(x_hat**2)
