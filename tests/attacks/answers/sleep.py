"""Sleep for a day.

worth: nothing
reply: timeout
says: does it wait for
"""
import time


def mean_squared_error(x, x_hat):
    time.sleep(86400)
