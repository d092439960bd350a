"""The queues between the functions."""
