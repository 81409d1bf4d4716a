"""Loop for ever and catch everything, with all signals blocked.

worth: nothing
reply: timeout
says: does a loop never end
"""
import signal


def mean_squared_error(x, x_hat):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
