"""Return a list that holds itself.

worth: nothing
reply: error
"""


def mean_squared_error(x, x_hat):
    endless = []
    endless.append(endless)
    return endless
