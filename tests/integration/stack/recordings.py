"""The `jetbridge` command as its users have it: in a terminal of 80 columns, and in a pipe."""

import os
import pty
import re
import shlex
import subprocess
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from select import select

COLUMNS, ROWS = 80, 24
SECONDS = 120
_SHELL = ("bash", "-c", '"$0" "$@"; exit $?')

_CURSOR = re.compile(r"\x1b\[\?25[hl]")
# A line that is erased or drawn over, with the steps up to it (ECMA-48: EL, CUU).
_ERASED = re.compile(r"[^\n]*(?:\r\x1b\[2K|\n\x1b\[1A\x1b\[2K)|[^\n]*\n\r\x1b\[1A\x1b\[2K")
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
        text = _CURSOR.sub("", self.shown).replace("\r\n", "\n")
        text = _ERASED.sub("", text)
        text = _ESCAPES.sub("", text)
        # A line that was drawn over is gone.
        return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))

    @property
    def command(self) -> str:
        return shlex.join(("jetbridge", *self.arguments))


@dataclass(frozen=True)
class Recorder:
    """Calls ``program`` in this environment."""

    program: Path
    environment: Mapping[str, str]
    folder: Path | None = None

    def in_terminal(
        self,
        *arguments: str,
        answers: Mapping[str, str] | None = None,
        shell: bool = False,
        **variables: str,
    ) -> Recording:
        """In a pseudoterminal; ``answers`` are typed when the text before them has been shown.

        ``shell``: from bash, as a person calls it. ``variables``: further environment variables.

        Raises AssertionError: it doesn't end.
        """
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS))
        process = subprocess.Popen(
            [*(_SHELL if shell else ()), self.program, *arguments],
            env={**self.environment, "TERM": "xterm-256color", **variables},
            cwd=self.folder,
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

    def in_pipe(self, *arguments: str, **variables: str) -> Recording:
        """With standard output, error and input in pipes; the input is empty."""
        ran = subprocess.run(
            [self.program, *arguments],
            env={**self.environment, **variables},
            cwd=self.folder,
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
                # Only now it waits for an answer: a Ctrl-C while it still prepares to read would
                # count with the next key (CPython's readline checks for signals, then waits).
                if _sleeps(process.pid):
                    for prompt in [each for each in answers if each.encode() in shown]:
                        os.write(ours, answers.pop(prompt).encode())
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's end of a terminal that nobody has open any more
                return shown.decode(errors="replace")
            shown += part


def _sleeps(pid: int) -> bool:
    """Whether the process waits for something (proc(5), ``/proc/pid/stat``)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "recordings.md"
WRITTEN_BY = "JETBRIDGE_RECORDINGS=docs/reference"

# What differs from one recording to the next, and what the page has instead, of the same length.
_VARYING = (
    (r"\b(?=[a-z2-7]*\d)[a-z2-7]{20}\b", "mzxw6ytboi4dgmrtgq2t"),
    (r"\b[0-9a-f]{32}\b", "0f9de17a6465404e8b1b2356dc13c2f8"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "019ab0c5-5f0f-7e0c-8a34-5d6e1c2b3a49"),
    (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-11-23T03:00:00Z"),
    (r"\b20\d\d-\d\d-\d\dT\d\d:\d\dZ", "2026-11-23T03:00Z"),
    (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "03:00:00.000"),
    (r"(?<=--next )\d+\.\d+", "1795402800.0"),
    (r"(?<=-)[0-9A-F]{13}\b", "0A1B2C3D4E5F6"),
    (r"(?<=vpc-)[0-9a-f]{17}", "0a1b2c3d4e5f60718"),
    (r"(?<=subnet-)[0-9a-f]{17}", "0a1b2c3d4e5f60718"),
    (r"\+\d+\.\d s", "+0.1 s"),
    (r"(?<= )\d s\b", "1 s"),
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:4566"),
    (r'"pid": \d+, "start": "[^"]*"', '"pid": 4711, "start": "…"'),
)
# The next firings of a schedule, each day's in a line of its own.
_FIRING = re.compile(r"^2026-11-23T03:00:00Z$", re.MULTILINE)


def stable(text: str, **places: str) -> str:
    """The text without what differs from one recording to the next.

    ``places``: paths of this machine, and by which names the page has them.
    """
    for shown, path in places.items():
        text = text.replace(path, f"~/{shown}")
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text)
    days = count(23)
    text = _FIRING.sub(lambda _: f"2026-11-{next(days)}T03:00:00Z", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def columns(text: str) -> set[str]:
    """A page's text without most values: the cells of the first line below the command, which are a
    table's headings, and the first cell of each line, which is a fact's name. A line that begins
    with a space continues the one before it."""
    lines = text.splitlines() or [""]
    return {cell for line in lines[1:2] for cell in _cells(line)} | {
        _cells(line)[0] for line in lines if not line.startswith(" ")
    }


def _cells(line: str) -> list[str]:
    return re.split(r" {2,}", line.strip())


def page(recordings: Mapping[str, str]) -> str:
    """A page of the documentation: by its name, what a user saw of each command."""
    parts = [
        "# What the commands print",
        "This page shows each command in a terminal of 80 columns. It was recorded on the local "
        "cloud, where IAM is enforced, as a user with the policies of `examples/operator.yaml`. "
        "Ids and times are replaced by examples. `tests/integration/stack/test_recordings.py` "
        f"calls the commands, and writes this page with `{WRITTEN_BY}`. "
        "[The jetbridge command](cli.md) explains them.",
    ]
    for name, text in recordings.items():
        parts.append(f"## {name}\n\n```text\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def on_page(text: str) -> dict[str, str]:
    """The recordings of a page, by their names."""
    return dict(re.findall(r"^## ([^\n]+)\n\n```text\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL))


def as_on_page(recording: Recording, **places: str) -> str:
    """The command line, what it printed and its exit code, as the page shows them."""
    end = "" if recording.code == 0 else f"\n(exit code {recording.code})"
    return stable(f"$ {recording.command}\n{recording.text.strip(chr(10))}{end}", **places)
