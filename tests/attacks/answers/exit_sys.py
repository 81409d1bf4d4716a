"""Leave by sys.exit in the call.

worth: nothing
reply: error
says: SystemExit
"""
import sys


def mean_squared_error(x, x_hat):
    sys.exit(0)
