"""What looks like a secret: names, values of known forms, and lines and results that have such.

``masked`` is for the lines of one log, ``masked_tails`` for the last lines of a run's logs,
``masked_text`` for a sentence, ``masked_value`` for a JSON value. Each takes time that grows with
the size of what it is given and no faster, whatever a container prints: docs/decisions.md says
how, ``tests/unit/jetbridge/test_secrets_time.py`` measures it.
"""

from jetbridge.secrets.forms import has_secret_form
from jetbridge.secrets.lines import MASK, masked, masked_tails, masked_text
from jetbridge.secrets.names import names_a_secret
from jetbridge.secrets.outcome import masked_deaths, masked_result
from jetbridge.secrets.values import masked_value

__all__ = [
    "MASK",
    "has_secret_form",
    "masked",
    "masked_deaths",
    "masked_result",
    "masked_tails",
    "masked_text",
    "masked_value",
    "names_a_secret",
]
