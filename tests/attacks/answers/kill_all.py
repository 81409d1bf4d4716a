"""Kill every process that there is: the grader, the worker's first process, other workers.

worth: nothing
reply: crashed | value | timeout
"""
import os


def mean_squared_error(x, x_hat):
    for number in (2, 15, 19, 9):
        for pid in (@PID@, os.getppid(), 1, 0, -1):
            try:
                os.kill(pid, number) if pid != 0 else os.killpg(os.getppid(), number)
            except OSError:
                continue
    return 0.5
