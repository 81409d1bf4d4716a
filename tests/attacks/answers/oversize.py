"""Return more than can be sent.

worth: nothing
reply: error
says: far too many
"""


def mean_squared_error(x, x_hat):
    return np.zeros(20_000_000, np.uint8)
