"""A cell without a function.

worth: nothing
reply: not found
says: defines no function
"""
mean_squared_error = 0.5
