"""The right answer from an odd type: half-ordered, byte-swapped, with a class of its own.

worth: the point
reply: value
"""


class Mine(np.ndarray):
    pass


def mean_squared_error(x, x_hat):
    return np.asarray(np.mean((x - x_hat) ** 2), ">f8").view(Mine)
