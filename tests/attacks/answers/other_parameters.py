"""A function that takes something else.

worth: nothing
reply: error
says: Your function takes
"""


def mean_squared_error(x):
    return 0.5
