"""Runs `sam build` and `sam deploy` in a checkout of Jetbridge's repository."""

import os
import signal
import subprocess  # nosec B404 # the SAM CLI is a program
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jetbridge_cli.problems import Problem
from jetbridge_cli.verify.names import TAG
from jetbridge_cli.verify.patience import Patience

_TEMPLATES = ("template.yaml", "examples/quickstart/template.yaml")
_BUILT = Path(".aws-sam", "build", "template.yaml")
_LAST_LINES = 12
_END_SECONDS = 10.0


class DeployFailed(Exception):
    """SAM ended with an error. The text has the end of its output."""


@dataclass(frozen=True)
class Checkout:
    """A checkout of Jetbridge's repository.

    Attributes:
        sam: the command of the AWS SAM CLI.
        flags: the region and profile for it.
    """

    folder: Path
    sam: str
    flags: tuple[str, ...]

    def check(self) -> None:
        """Raises Problem if the folder isn't a checkout, or if there is no SAM CLI."""
        for template in _TEMPLATES:
            if not (self.folder / template).is_file():
                raise Problem(
                    f"--checkout: {self.folder} has no {template}: give the folder of a clone of "
                    "Jetbridge's repository"
                )
        try:
            # Runs the program that the user names or has in PATH, without a shell.
            subprocess.run(  # nosec B603
                [self.sam, "--version"], capture_output=True, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise Problem(
                f"--sam: {self.sam} can't be run ({error}): install the AWS SAM CLI (pip install "
                "aws-sam-cli), or say where it is"
            ) from error

    def template(self, name: str) -> Path:
        """One of the quickstart's templates."""
        return self.folder / "examples" / "quickstart" / name

    def build(self, patience: Patience) -> None:
        """Raises DeployFailed, Late, Interrupted."""
        self._run(patience, "build")

    def deploy(
        self, stack: str, name: str, bucket: str, parameters: Mapping[str, str], patience: Patience
    ) -> None:
        """Deploy the built Jetbridge through the verification's own bucket.

        Raises Problem if nothing was built, and DeployFailed, Late, Interrupted.
        """
        if not (self.folder / _BUILT).is_file():
            raise Problem(f"--built: {self.folder / _BUILT} doesn't exist: leave --built out")
        overrides = [f"{key}={value}" for key, value in parameters.items()]
        # Don't use the checkout's samconfig.toml, because it asks before it deploys.
        with tempfile.TemporaryDirectory() as empty:
            configuration = Path(empty, "samconfig.toml")
            configuration.write_text("version = 0.1\n")
            self._run(
                patience,
                "deploy",
                *("--config-file", str(configuration), "--template-file", str(_BUILT)),
                *("--stack-name", stack, "--s3-bucket", bucket, "--s3-prefix", "sam"),
                *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
                *("--tags", f"{TAG}={name}", "--parameter-overrides", *overrides),
                *self.flags,
            )

    def _run(self, patience: Patience, *arguments: str) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            # SAM gets its own session, so a terminal's Ctrl-C reaches only this command. This
            # command then ends SAM.
            process = subprocess.Popen(  # nosec B603
                [self.sam, *arguments],
                cwd=self.folder,
                env=os.environ | {"SAM_CLI_TELEMETRY": "0"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                patience.until(
                    lambda: process.poll() is not None, f"the end of `sam {arguments[0]}`"
                )
            finally:
                _end(process)
            if process.returncode != 0:
                output.seek(0)
                lines = [line.rstrip() for line in output if line.strip()]
                text = "\n".join(lines[-_LAST_LINES:])
                raise DeployFailed(f"`sam {arguments[0]}` ended with {process.returncode}:\n{text}")


def _end(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """End the process and all processes that it has started."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
            return
