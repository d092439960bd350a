"""What the containers wait at: a named pipe without a writer."""

import os
from pathlib import Path


class Gate:
    """A process that opens ``path`` for reading waits until `open`; after that none waits.

    A waiting container is one shell that the kernel has put to sleep.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        """Have those wait that come from now on."""
        self.path.unlink(missing_ok=True)
        os.mkfifo(self.path)

    def open(self) -> None:
        """Let all through: those that wait, and those yet to come, who find a plain file.

        A gate that was never closed is opened, too.
        """
        arriving = self.path.with_suffix(".open")
        arriving.touch()
        self.path.touch()
        # Readers that wait at the pipe go on when a writer has opened it, though it is gone then.
        writer = os.open(self.path, os.O_RDWR)
        arriving.replace(self.path)
        os.close(writer)
