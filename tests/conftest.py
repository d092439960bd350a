"""For all tests: Ctrl-C reaches the programs that they start.

A shell lets its background jobs ignore SIGINT, and every process below them would inherit that.
"""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
