"""An error whose text is a script, a formula, a terminal's colours, and runs backwards.

Only what can be seen is kept, and only a little of it; whoever writes it into a page escapes it.

worth: nothing
reply: error
says: Your answer raised
"""


def mean_squared_error(x, x_hat):
    raise type("<script>alert(1)</script>\x1b[31m\u202e", (Exception,), {})(
        "=cmd|' /C calc'!A0\0\x07\x1b]0;owned\x07\u202etxt.exe\ud800\n\r" + "A" * 10**6
    )
