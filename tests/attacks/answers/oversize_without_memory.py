"""Return a million million numbers that take no memory.

worth: nothing
reply: error
says: far too many
"""


def mean_squared_error(x, x_hat):
    return np.broadcast_to(np.float64(0.5), (10**6, 10**6))
