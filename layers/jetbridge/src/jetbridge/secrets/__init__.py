"""What looks like a secret: names, values of known forms, and lines and results that have such.

``lines.masked`` is for the lines of one log, ``lines.masked_tails`` for the last lines of a run's
logs, ``lines.masked_text`` for a sentence, ``values.masked_value`` for a JSON value. Each takes
time that grows with the size of what it is given and no faster, whatever a container prints:
docs/decisions says how, ``tests/unit/jetbridge/test_secrets_time.py`` measures it.
"""
