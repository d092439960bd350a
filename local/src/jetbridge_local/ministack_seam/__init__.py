"""Everything that Jetbridge knows about the inside of ministack.

ministack is the emulator that the local cloud hosts. It has no plug-in interface, so what is
missing or wrong in it is added through its private names. They are all named in this package; no
other module imports ministack. The contract tests prove each name and each behaviour relied on, and
the exact version is checked before anything is imported.
"""

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .installed import InstalledSeam

PINNED_VERSION = "1.5.33"


class WrongVersion(RuntimeError):
    """The installed ministack isn't the one that this package was written for."""


def check_version() -> None:
    """Raises WrongVersion unless the pinned ministack is installed."""
    try:
        installed = version("ministack")
    except PackageNotFoundError:
        installed = "none"
    if installed != PINNED_VERSION:
        raise WrongVersion(
            f"ministack: {PINNED_VERSION} is needed, {installed} is installed. Install"
            " requirements/local.txt; to move to another version, run tests/contract first and"
            " then change PINNED_VERSION"
        )


def prepare(
    *,
    port: int,
    account: str,
    region: str,
    temporary: Path,
    concurrent_executions: int | None = None,
) -> None:
    """Set what ministack reads from its environment. To be called before anything imports it.

    Raises WrongVersion unless the pinned ministack is installed.
    """
    check_version()
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "TMPDIR": str(temporary),
            "LOG_LEVEL": "INFO",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            # Listeners and daemons that nobody asked for.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": f"unix://{temporary}/no-docker.sock",
        }
    )
    if concurrent_executions is not None:
        os.environ["LAMBDA_ACCOUNT_CONCURRENCY"] = str(concurrent_executions)


def install(account: str, region: str) -> "InstalledSeam":
    """Import ministack and patch it. To be called once, after ``prepare``."""
    from .installed import InstalledSeam

    return InstalledSeam(account, region)
