"""The names that Jetbridge keeps from Airflow's page, held against the Airflow that is installed.

Whatever word the page's code for a log has, as a member's name, a literal or a key, is either
reserved or known to be something else. A word that a new version brings makes this red: look what
it means there, and add it to ``logs/airflow_names.py`` or to ``OTHER``.
"""

import re
from pathlib import Path

import airflow
import pytest
from airflow.utils.log.file_task_handler import StructuredLogMessage

from jetbridge.logs.airflow_names import IDENTITY, LEVELS, PAGE, READER, RESERVED, SOURCE

ASSETS = Path(airflow.__path__[0]) / "ui/dist/assets"
WORD = r"[A-Za-z_]\w*"
# Of JavaScript, React, Chakra and ansi-to-react; of exceptions and frames inside error_detail; of
# the page's own objects and translations.
OTHER = {
    "_blank",
    "ansiToText",
    "auto",
    "boolean",
    "call",
    "children",
    "default",
    "details",
    "div",
    "element",
    "end",
    "exc_type",
    "exc_value",
    "exports",
    "file",
    "filter",
    "findIndex",
    "flex",
    "forEach",
    "Fragment",
    "frames",
    "group",
    "hash",
    "hasOwn",
    "hasOwnProperty",
    "header",
    "id",
    "includes",
    "index",
    "info",
    "isArray",
    "join",
    "jsx",
    "jsxs",
    "key",
    "keys",
    "length",
    "library",
    "line",
    "lines",
    "location",
    "map",
    "matchAll",
    "medium",
    "message",
    "name",
    "none",
    "number",
    "parentId",
    "pointer",
    "pop",
    "props",
    "prototype",
    "push",
    "reduce",
    "right",
    "slice",
    "span",
    "splice",
    "split",
    "startsWith",
    "string",
    "stringify",
    "summary",
    "text",
    "Time",
    "toString",
    "toUpperCase",
    "type",
    "underline",
    "user",
    "warn",
}


@pytest.fixture(scope="module")
def script() -> str:
    """The page's, as it is built."""
    [found] = [text for text in map(read, ASSETS.glob("*.js")) if "Unable to show logs" in text]
    return found


@pytest.fixture(scope="module")
def code(script: str) -> str:
    """From the drawing of a line to the grouping of all: renderStructuredLog and parseLogs."""
    at = script.index("error_detail")
    start = script.rfind("matchAll(", 0, at)
    end = script.index("parsedLogs:", script.index("Unable to show logs", at))
    return script[start:end]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def words(code: str) -> set[str]:
    literals = re.findall(rf"""["'`]({WORD})["'`]""", code)
    members = re.findall(rf"\.({WORD})", code)
    taken_out = [
        pair.split(":")[0].strip()
        for pattern in re.findall(r"\{([^{}]*),\.\.\.\w+\}=", code)
        for pair in pattern.split(",")
    ]
    # What the build has shortened is no name.
    return {word for word in [*literals, *members, *taken_out] if len(word) > 2}


def test_what_the_reader_declares_is_reserved() -> None:
    assert set(StructuredLogMessage.model_fields) == set(READER)


def test_each_word_of_the_page_is_reserved_or_something_else(code: str) -> None:
    assert words(code) - RESERVED - OTHER == set()
    assert set(PAGE) <= words(code) | set(READER)


def test_the_list_has_no_name_that_no_version_knows(code: str) -> None:
    if "ti_id" not in code:
        pytest.skip("a later version has all names")
    assert {*PAGE, *SOURCE, *IDENTITY} <= words(code)


def test_the_page_has_no_other_group_markers(code: str) -> None:
    assert set(re.findall(r"::\w+::|##\[\w*", code)) == {"::group::", "::endgroup::"}


def test_the_levels_are_those_that_the_page_knows(script: str) -> None:
    [levels] = re.findall(r"DEBUG=[\"`]debug[\"`](?:,\w+\.[A-Z]+=[\"`]\w+[\"`])+", script)
    assert set(re.findall(r"[\"`](\w+)[\"`]", levels)) == LEVELS
