"""``jetbridge doctor``: finds what is wrong with a deployed stack, and says how to fix it."""
