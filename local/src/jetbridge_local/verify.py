"""`jetbridge verify` against a local cloud: the same command as for a real account.

``python -m jetbridge_local.verify FOLDER`` writes its report there; the exit status is the
command's.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.application import Application, architecture
from jetbridge_local.site.paths import Paths, in_repository

NAME = "verify-local"
STEP_SECONDS = 0.05


def started(paths: Paths) -> LocalCloud:
    """A cloud that has the quickstart's image; to be used as a context manager."""
    return LocalCloud(
        paths.cloud,
        images=paths.root / "examples" / "quickstart" / "images.yaml",
        runtime_python=paths.python("runtime"),
        step_seconds=STEP_SECONDS,
    )


def build(paths: Paths, cloud: LocalCloud) -> None:
    Application(paths, cloud.environment("deployer"), ProcessTable(paths.processes)).build()


def command(paths: Paths, name: str, folder: Path) -> list[str]:
    """The command for this machine; the checkout is built already."""
    return [
        str(paths.environment("cli") / "bin" / "jetbridge"),
        *("verify", "--name", name, "--yes", "--built", "--checkout", str(paths.root)),
        *("--sam", str(paths.environment("sam") / "bin" / "sam")),
        # The local cloud delivers log lines without a delay.
        *("--parameter", f"Architecture={architecture()}", "--parameter", "SettleSeconds=2"),
        *("--report-folder", str(folder)),
    ]


def environment(cloud: LocalCloud, caller: str = "deployer") -> dict[str, str]:
    """Variables for the command, called by an administrator or a user of the cloud's IAM: this
    machine's credentials and settings stay out of it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | cloud.environment(caller)


def main(folder: Path) -> int:
    with tempfile.TemporaryDirectory() as state:
        paths = in_repository(Path(state))
        with started(paths) as cloud:
            build(paths, cloud)
            called = command(paths, NAME, folder.resolve())
            code = subprocess.run(called, env=environment(cloud)).returncode
    for written in folder.glob(f"{NAME}.*"):
        _name_files_from_the_checkout(written, paths.root)
    return code


def _name_files_from_the_checkout(report: Path, root: Path) -> None:
    """The report is committed: the local cloud's errors name files by this machine's paths."""
    report.write_text(report.read_text().replace(f"{root}/", ""))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
