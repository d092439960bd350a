"""All checks, in the order of the report.

To add a check, write a function of ``Bench`` in one of these modules, and add it to that module's
``CHECKS``.
"""

from jetbridge_cli.verify.checks import callers, endings, load, logs, operation, stops
from jetbridge_cli.verify.checks.check import Check

CHECKS: list[Check] = [
    *endings.CHECKS,
    *stops.CHECKS,
    *logs.CHECKS,
    *callers.CHECKS,
    *load.CHECKS,
    *operation.CHECKS,
]

__all__ = ["CHECKS", "Check"]
