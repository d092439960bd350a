"""``jetbridge doctor``: what is wrong with a deployed stack, and what to do about it."""
