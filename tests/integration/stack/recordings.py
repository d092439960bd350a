"""The `jetbridge` command as its users have it: in a terminal of 80 columns, and in a pipe."""

import os
import pty
import re
import subprocess
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from select import select

COLUMNS, ROWS = 80, 24
SECONDS = 120

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


@dataclass(frozen=True)
class Recording:
    """One call.

    ``shown`` is what a terminal got, escape codes and all; in a pipe it is standard output, and
    ``errors`` is standard error.
    """

    arguments: tuple[str, ...]
    code: int
    shown: str
    errors: str = ""

    @property
    def text(self) -> str:
        """What a person reads: without escape codes, lines as they were written."""
        text = _ESCAPES.sub("", self.shown).replace("\r\n", "\n")
        # A line that was drawn over is gone.
        return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))

    @property
    def command(self) -> str:
        return " ".join(("jetbridge", *self.arguments))


@dataclass(frozen=True)
class Recorder:
    """Calls ``program`` in this environment."""

    program: Path
    environment: Mapping[str, str]

    def in_terminal(self, *arguments: str, answers: Mapping[str, str] | None = None) -> Recording:
        """In a pseudoterminal; ``answers`` are typed when the text before them has been shown.

        Raises AssertionError: it doesn't end.
        """
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        process = subprocess.Popen(
            [self.program, *arguments],
            env={**self.environment, "TERM": "xterm-256color"},
            # Its own terminal, so that Ctrl-C comes to it as a person's does.
            preexec_fn=partial(os.login_tty, theirs),
        )
        os.close(theirs)
        try:
            shown = self._read(ours, dict(answers or {}), process)
            return Recording(arguments, process.wait(SECONDS), shown)
        finally:
            os.close(ours)
            if process.poll() is None:
                process.kill()
                process.wait()

    def in_pipe(self, *arguments: str) -> Recording:
        """With standard output, error and input in pipes; the input is empty."""
        ran = subprocess.run(
            [self.program, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        return Recording(arguments, ran.returncode, ran.stdout, ran.stderr)

    def _read(self, ours: int, answers: dict[str, str], process: subprocess.Popen[bytes]) -> str:
        shown = b""
        deadline = time.monotonic() + SECONDS
        while True:
            assert time.monotonic() < deadline, shown.decode(errors="replace")
            if not select([ours], [], [], 0.2)[0]:
                if process.poll() is not None:
                    return shown.decode(errors="replace")
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's end of a terminal that nobody has open any more
                return shown.decode(errors="replace")
            shown += part
            for prompt in [each for each in answers if each.encode() in shown]:
                os.write(ours, answers.pop(prompt).encode())


WRITTEN_BY = "JETBRIDGE_RECORDINGS=docs/reference"


def page(recordings: Mapping[str, Recording]) -> str:
    """The recordings by their names, as a page of the documentation: what each user saw."""
    parts = [
        "# What the commands print",
        "This page shows each command in a terminal of 80 columns, as it was recorded on the "
        "local cloud, where IAM is enforced. `tests/integration/stack/test_recordings.py` looks at "
        f"each, and writes this page with `{WRITTEN_BY}`. "
        "[The jetbridge command](cli.md) explains them.",
    ]
    for name, each in recordings.items():
        text = "\n".join(line.rstrip() for line in each.text.strip("\n").splitlines())
        end = "" if each.code == 0 else f"\n(exit code {each.code})"
        parts.append(f"## {name}\n\n```text\n$ {each.command}\n{text}{end}\n```")
    return "\n\n".join(parts) + "\n"
