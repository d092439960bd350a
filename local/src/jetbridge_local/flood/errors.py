class FloodFailed(RuntimeError):
    """A start wasn't accepted, or launches didn't come in time; the text says what and why."""
