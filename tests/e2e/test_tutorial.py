"""The tutorial for a real account, typed as it is written, on the local cloud."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.site.application import architecture
from jetbridge_local.site.paths import in_repository

PATHS = in_repository()
PAGE = PATHS.root / "docs" / "tutorial" / "account.md"
SECTION = re.compile(r"^## \d+\. (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Step 1 installs what the repository's environments have. `jetbridge verify` has tests of its own.
TYPED = ("Keep a stack to work with", "Run a container", "Remove everything")
TOOLS = ("tools", "sam", "awscli", "cli")

# sam asks before it deploys and before it deletes.
YES = "exec < <(yes)"


def commands() -> str:
    """The blocks of code as one script."""
    sections = dict(SECTION.findall(PAGE.read_text()))
    blocks = [block for name in TYPED for block in BLOCK.findall(sections[name])]
    assert len(blocks) >= len(TYPED)
    # Jetbridge's default is Graviton, which this machine may not be.
    typed = "\n".join(blocks).replace(
        "--parameter-overrides \\\n  $(",
        f"--parameter-overrides Architecture={architecture()} \\\n  $(",
    )
    return f"{YES}\n{typed}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(
        tmp_path_factory.mktemp("cloud"),
        images=PATHS.root / "examples" / "quickstart" / "images.yaml",
        runtime_python=PATHS.python("runtime"),
        step_seconds=0.05,
    ) as cloud:
        yield cloud


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git knows of the checkout, as it is now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PATHS.root,
        capture_output=True,
        text=True,
        check=True,
    )
    folder = tmp_path / "jetbridge"
    for name in filter(None, listed.stdout.split("\0")):
        if (PATHS.root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PATHS.root / name, folder / name)
    return folder


@pytest.mark.nightly
def test_each_command_works_as_written(cloud: LocalCloud, clone: Path) -> None:
    tools = [str(PATHS.environment(name) / "bin") for name in TOOLS]
    environment = os.environ | cloud.environment("developer")
    environment |= {
        "PATH": os.pathsep.join([*tools, os.environ["PATH"]]),
        "SAM_CLI_TELEMETRY": "0",
    }
    typed = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", commands()],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert typed.returncode == 0, typed.stdout[-3000:] + typed.stderr[-3000:]
    assert "succeeded (completed); exit code: hello 0" in typed.stderr
    assert "hello from Jetbridge" in typed.stdout
    assert left(environment) <= {"aws-sam-cli-managed-default"}


def left(environment: dict[str, str]) -> set[str]:
    """The stacks that are there."""
    aws: list[str | Path] = [
        PATHS.environment("awscli") / "bin" / "aws",
        "cloudformation",
        "describe-stacks",
    ]
    names = subprocess.check_output(
        [*aws, "--query", "Stacks[].StackName", "--output", "text"], env=environment, text=True
    )
    return set(names.split())
