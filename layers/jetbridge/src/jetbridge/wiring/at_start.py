"""Work that a function does before its first event.

While a function starts, Lambda gives it a whole processor, whatever its memory. A handler with 256
MB has a seventh of one (AWS Lambda developer guide, "Lambda quotas"), and making a client takes up
to 100 ms of CPU time.
"""

import os
from collections.abc import Callable


def at_start(*make: Callable[[], object]) -> None:
    """Call each of them now if this is a starting Lambda function, so that their results are cached
    before the handler needs them. Other programs that import a handler may have no AWS to make
    clients for.

    Lambda says how it starts a function (the same guide, "Defined runtime environment variables":
    AWS_LAMBDA_INITIALIZATION_TYPE).
    """
    if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
        for each in make:
            each()
