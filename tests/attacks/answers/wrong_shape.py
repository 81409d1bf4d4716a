"""Return the right number in every place of a large array. Its shape is another.

worth: nothing
reply: value
"""


def mean_squared_error(x, x_hat):
    return np.full((100, 100), np.mean((x - x_hat) ** 2))
