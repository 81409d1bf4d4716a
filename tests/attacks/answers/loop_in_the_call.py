"""Loop for ever in the call.

worth: nothing
reply: timeout
says: does a loop never end
"""


def mean_squared_error(x, x_hat):
    while True:
        pass
