"""For all tests: Ctrl-C works in what they start.

A shell has its background jobs ignore SIGINT, and so would every process below them.
"""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
