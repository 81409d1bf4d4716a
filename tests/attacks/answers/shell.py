"""Run commands, from Python and from the lines that only Jupyter knows.

worth: nothing
reply: value
"""
import os
import subprocess

!touch @OUTSIDE@/touched
%system touch @OUTSIDE@/touched


def mean_squared_error(x, x_hat):
    os.system("touch @OUTSIDE@/touched")
    try:
        subprocess.run(["/bin/sh", "-c", "touch @OUTSIDE@/touched"])
    except OSError:
        pass
    return 0.5
