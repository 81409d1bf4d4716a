"""Return objects that run a command where they are unpickled. Nobody unpickles.

worth: nothing
reply: error
says: Return a number
"""


class Bomb:
    def __reduce__(self):
        import os

        return os.system, ("touch @OUTSIDE@/exploded",)


def mean_squared_error(x, x_hat):
    return np.array([Bomb(), Bomb()], dtype=object)
