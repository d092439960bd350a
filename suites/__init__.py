"""Runs the test suites, some beside each other: ``make test`` and ``make nightly``."""
