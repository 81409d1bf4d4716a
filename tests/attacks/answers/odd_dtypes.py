"""Return dates, records, complex numbers and void. None of them crosses.

worth: nothing
reply: error
says: Return a number
"""


def mean_squared_error(x, x_hat):
    odd = [
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(3, [("a", "f8"), ("b", "O")]),
        np.array([1j]),
        np.zeros(2, "V8"),
    ]
    mean_squared_error.turn = getattr(mean_squared_error, "turn", 0) + 1
    return odd[mean_squared_error.turn % 4]
