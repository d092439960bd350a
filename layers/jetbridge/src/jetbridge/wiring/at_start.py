"""Work that a function does before its first event.

There Lambda gives it a whole processor, whatever its memory; a handler with 256 MB has a seventh of
one (AWS Lambda developer guide, "Lambda quotas"), and a client takes up to 100 ms of CPU time.
"""

import os
from collections.abc import Callable


def at_start(*make: Callable[[], object]) -> None:
    """Call each of them now if a function of Lambda's starts, so that what they cache is there when
    the handler asks for it. Whoever else imports a handler has no AWS to make clients of.

    Lambda says which way it starts a function (the same guide, "Defined runtime environment
    variables": AWS_LAMBDA_INITIALIZATION_TYPE).
    """
    if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
        for each in make:
            each()
