"""Runs the test suites, two at a time: ``make test`` and ``make nightly``."""
