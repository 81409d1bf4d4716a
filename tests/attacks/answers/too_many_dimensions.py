"""Return an array of 40 dimensions, and a list that holds itself.

worth: nothing
reply: error
says: cannot be taken
"""


def mean_squared_error(x, x_hat):
    return np.zeros((1,) * 40)
