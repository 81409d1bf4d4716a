"""Leave while the cell runs, below a right function. The function is there, and right.

worth: the point
reply: value
"""


def mean_squared_error(x, x_hat):
    return np.mean((x - x_hat) ** 2)


raise SystemExit("done")
