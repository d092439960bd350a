"""Measures what Jetbridge costs and how fast it is: ``make bench ONLY=<name>``.

Each benchmark is a module with ``run(workspace) -> Result``, entered in ``registry``. It prints a
table for people and, as the last line, one JSON object for programs.
"""
