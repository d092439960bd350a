"""Prints results to standard output, and everything else to standard error."""

import json
import textwrap
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

GAP = 2
# A word of this length or longer is an id (run ids have 20 characters, contract/run_ids.py) or an
# ARN.
LEAST_ID = 20


def shown(text: str) -> str:
    """The text for a terminal, which acts on nothing in it: containers, callers and AWS wrote what
    the tables and queues hold.

    Control characters become spaces, and so do those that turn the direction of text. Tabs and line
    ends stay. Half of a surrogate pair, which UTF-8 can't encode, becomes a question mark.
    """
    encodable = text.encode(errors="replace").decode()
    return "".join(each if each.isprintable() or each in "\t\n" else " " for each in encodable)


def write_json(value: Any, indent: int | None = 2) -> None:
    """Write JSON. With ``indent`` None it is on one line."""
    print(json.dumps(value, indent=indent), flush=indent is None)


def write_facts(facts: Mapping[str, str], whole: Collection[str] = ()) -> None:
    """Write names and values, one per line. Names without a value are left out.

    A terminal gets long values broken at spaces. Those of the names in ``whole`` aren't broken.
    """
    given = {name: fact for name, fact in facts.items() if fact}
    width = max(map(len, given), default=0)
    console = Console()
    for name, fact in given.items():
        room = console.width - width - GAP if console.is_terminal and name not in whole else 0
        first, *others = broken(fact, room)
        write(f"{name:<{width}}  {first}")
        for line in others:
            write(f"{'':<{width}}  {line}")


def write_prose(text: str, sign: str = "") -> None:
    """Write a sentence. A terminal gets it broken at spaces, and indented below its sign."""
    console = Console()
    indent = sign and f"{sign} "
    room = console.width - len(indent) if console.is_terminal else 0
    for number, line in enumerate(broken(text, room)):
        write(f"{' ' * len(indent) if number else indent}{line}")


def broken(text: str, room: int) -> list[str]:
    """The text in lines of at most ``room`` characters, broken at spaces only. One line if there is
    too little room for words."""
    if room < LEAST_ID:
        return [text]
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [text]


def one_line(text: str) -> str:
    """The text as one line for a terminal. Tabs and line ends become spaces, too."""
    return shown(text).replace("\n", " ").replace("\t", " ")


def write(text: str = "") -> None:
    Console(highlight=False, soft_wrap=True).print(Text(shown(text)))


def write_source(text: str, language: str = "json") -> None:
    """Write source text: coloured on a terminal, and unchanged elsewhere."""
    console = Console(soft_wrap=True)
    if console.is_terminal:
        console.print(Syntax(text, language, background_color="default", word_wrap=True))
    else:
        print(shown(text))


def errors() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Write a line to standard error as it is: no part of it is markup or an emoji's name."""
    errors().print(Text(shown(text), style))


def moment(epoch_seconds: float) -> str:
    """A time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """A duration with its two largest units: ``3 h 20 min``."""
    minutes = int(max(0, seconds)) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(max(0, seconds)) % 60} s" if minutes else f"{seconds:.0f} s"


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
