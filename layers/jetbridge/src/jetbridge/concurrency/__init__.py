"""Concurrency groups: how many runs of a kind are under way at the same time."""
