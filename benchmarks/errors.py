"""The error with which a benchmark gives up."""


class BenchmarkFailed(RuntimeError):
    """Something couldn't be measured; the text says what and why."""
