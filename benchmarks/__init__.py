"""How fast is it, and against what: each command prints one JSON line with a figure and its floor.

A floor is the least that the same work can cost, measured in the same run, in turns with the figure: the
machine is noisy, and a ratio of neighbours says more than two numbers of different minutes. See
docs/performance.md.
"""
