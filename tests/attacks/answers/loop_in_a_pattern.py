"""A regular expression that takes 2 ** 60 steps.

worth: nothing
reply: timeout
says: does a loop never end
"""
import re


def mean_squared_error(x, x_hat):
    return bool(re.match("(a*)*b", "a" * 60))
