"""docs/how-to/first-container.md, followed as it is written, in a copy of the repository."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jetbridge_local.airflow import AirflowClient

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/first-container.md").read_text()
UP_SECONDS = 600
RUN_SECONDS = 240


@dataclass(frozen=True)
class Block:
    """A block of code that the page says to put into a file."""

    file: str
    where: str | None
    text: str

    def apply(self, root: Path) -> None:
        path = root / self.file
        if self.where is None:
            assert not path.exists(), f"the page makes {self.file}, which exists"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text)
        elif self.where == "end":
            path.write_text(path.read_text() + self.text)
        else:
            before = path.read_text()
            assert before.count(f"\n{self.where}\n") == 1
            path.write_text(
                before.replace(f"\n{self.where}\n", f"\n{self.where}\n{self.text}\n", 1)
            )


def blocks() -> list[Block]:
    found = []
    for information, text in re.findall(r"^```(.+?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        options = dict(part.split("=", 1) for part in shlex.split(information)[1:])
        if "file" in options:
            found.append(Block(options["file"], options.get("where"), text))
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "jetbridge"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    (root / ".venv").symlink_to(ROOT / ".venv")
    yield root
    demo(root, "--down")


def demo(root: Path, option: str) -> str:
    """`make up` and `make down`: what the Makefile calls, of the copy instead of the installed."""
    done = subprocess.run(
        [sys.executable, "-m", "jetbridge_local.demo", option],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "local/src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def airflow_of(output: str) -> str:
    (url,) = re.findall(r"Airflow +(http://127\.0\.0\.1:\d+)/", output)
    return url


def test_the_page_leads_to_a_containers_line(copy: Path) -> None:
    first = demo(copy, "--up")
    with AirflowClient(airflow_of(first)) as client:
        earlier = client.trigger("jetbridge_example").run_id
    for block in blocks():
        block.apply(copy)
    second = demo(copy, "--up")
    assert airflow_of(second) == airflow_of(first)
    with AirflowClient(airflow_of(second)) as client:
        client.wait_for_dag("hello")
        run_id = client.trigger("hello").run_id
        run = client.wait_for_dag_run("hello", run_id, RUN_SECONDS)
        log = [line.event for line in client.log("hello", run_id, "hello", 1)]
        assert run.state == "success", "\n".join(log)
        assert "hello, hello" in log
        assert client.xcom("hello", run_id, "hello") == {"greeted": 1}
        assert client.dag_run("jetbridge_example", earlier)
