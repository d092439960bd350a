"""The cause of an ending, found in AWS's own words."""

import re
from collections.abc import Iterable

from jetbridge.contract import Cause
from jetbridge.failures.sentences import SENTENCES
from jetbridge.failures.words import aws_words


def cause_in(texts: Iterable[str]) -> Cause | None:
    """The cause that AWS's code and reasons name; None if they have no known sentence.

    The table's first sentence that is found in any of the texts decides. Names in the texts are
    ignored (``aws_words``).
    """
    known = [aws_words(text) for text in texts if text]
    for cause, pattern in SENTENCES:
        if any(re.search(pattern, text) for text in known):
            return cause
    return None
