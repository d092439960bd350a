"""Runs of a deployed stack: listed, followed, stopped, explained and priced."""
