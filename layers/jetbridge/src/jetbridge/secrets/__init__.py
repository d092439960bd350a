"""Finds and masks secrets: by their names, by known forms of values, and in lines and results.

``lines.masked`` masks the lines of one log, ``lines.masked_tails`` the last lines of a run's logs,
``lines.masked_text`` a sentence, and ``values.masked_value`` a JSON value. The time of each grows
in proportion to the size of its input at most, whatever a container prints. docs/decisions explains
how; ``tests/unit/jetbridge/test_secrets_time.py`` measures it.
"""
