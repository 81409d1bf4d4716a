"""Return NaN, which is near to nothing.

worth: nothing
reply: value
"""


def mean_squared_error(x, x_hat):
    return np.nan
