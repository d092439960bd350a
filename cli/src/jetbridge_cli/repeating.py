"""``--watch``: shows something again and again."""

import time
from collections.abc import Callable

from rich.console import Console


def again_and_again(
    show: Callable[[], None], seconds: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Show it until Ctrl-C, with a pause in between. On a terminal, it replaces what it showed
    before."""
    try:
        while True:
            Console().clear()
            show()
            sleep(seconds)
    except KeyboardInterrupt:
        return
