"""How fast, how steady, how late: everything we claim in numbers, measured by one command (`make bench`).

Each benchmark is one module with one `measure(options)`; `__main__` runs them and writes down what the machine was
doing meanwhile. They measure and never judge: an aim stands beside a figure, and nothing here fails for being slow.
"""

import controller  # noqa: F401 - before NumPy is: its products take one thread each, as in a show
