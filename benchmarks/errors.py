"""What a benchmark gives up for."""


class BenchmarkFailed(RuntimeError):
    """Something couldn't be measured; the text says what and why."""
