"""Loop for ever while the cell runs, below a right function.

worth: nothing
reply: timeout
says: does a loop never end
"""


def mean_squared_error(x, x_hat):
    return np.mean((x - x_hat) ** 2)


while True:
    pass
