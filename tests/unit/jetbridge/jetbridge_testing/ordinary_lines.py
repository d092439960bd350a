"""Lines of logs and texts that have no secrets: of real programs, of docs, and of our own making.

``secrets_corpus/log_lines.txt.gz`` was written by apt, dpkg and the components of an Airflow that
ran this repository's tests.
"""

import gzip
import random
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from jetbridge_testing.samples import sample
from jetbridge_testing.secret_values import CORPUS

# Of docs, not what is about secrets and keys itself.
_ABOUT_SECRETS = ("bandit", "detect_secrets", "joserfc")
_TEXTS = (".rst", ".md", ".txt")
_LINE = 2_000
_MADE = 300
_LIBRARIES = "boto3, moto, hypothesis, httpx, rich, typer, msgspec, secrets, token, tokenize"


def groups() -> dict[str, list[str]]:
    """Lines by where they are from."""
    return {
        "docs and changelogs of installed packages": list(_docs()),
        "what Python says of its imports": _imports(),
        "apt, dpkg and Airflow": list(_kept()),
        "shapes of other programs": list(_shapes()),
        "AWS's own words": aws_words(),
    }


def aws_words() -> list[str]:
    """Reasons of AWS's events and refusals, as far as events/ knows them."""
    corpus = sample("corpus")
    found = [refusal["message"] for refusal in corpus["refused_launches"]]
    return [*found, *_reasons(corpus)]


def _reasons(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _reasons(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _reasons(inner)
    elif isinstance(value, str):
        yield value


def _docs() -> Iterator[str]:
    packages = Path(sysconfig.get_paths()["purelib"])
    for path in sorted(packages.rglob("*")):
        if any(about in str(path) for about in _ABOUT_SECRETS) or not path.is_file():
            continue
        if path.name == "METADATA" or path.suffix in _TEXTS:
            text = path.read_text(errors="replace")
            yield from (line[:_LINE] for line in text.splitlines())


def _imports() -> list[str]:
    said = subprocess.run(
        [sys.executable, "-v", "-c", f"import {_LIBRARIES}"],
        capture_output=True,
        check=True,
        text=True,
    )
    return said.stderr.splitlines()


def _kept() -> Iterator[str]:
    with gzip.open(CORPUS / "log_lines.txt.gz", "rt") as file:
        yield from (line.rstrip("\n") for line in file)


def _shapes() -> Iterator[str]:
    """Formats of programs that aren't here, filled with names, numbers and times."""
    shapes = (CORPUS / "shapes.txt").read_text().splitlines()
    some = random.Random(7)
    words = [
        "orders",
        "users",
        "daily",
        "report",
        "stage_1",
        "payments",
        "events",
        "load",
        "main",
        "worker",
    ]
    for _ in range(_MADE):
        for shape in shapes:
            line = shape.replace("{n}", str(some.randrange(1, 100_000)))
            line = line.replace("{ip}", ".".join(str(some.randrange(1, 255)) for _ in range(4)))
            line = line.replace("{hex}", f"{some.getrandbits(128):032x}")
            line = line.replace("{sha}", f"{some.getrandbits(160):040x}")
            line = line.replace("{f}", f"{some.uniform(-1000, 1000):.6f}")
            line = line.replace(
                "{t}", f"2026-03-{some.randrange(1, 29):02d}T10:{some.randrange(60):02d}:07.123Z"
            )
            yield line.replace("{w}", some.choice(words))
