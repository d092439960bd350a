"""The amazon provider's source distribution, which has its system tests, from the package index.

Wheels have no tests, so pip takes the sdist. ``sdist.txt`` pins its hash, which pip holds
it against, and so does this module for a copy from an earlier time.
"""

import hashlib
import re
import subprocess
import tarfile
from pathlib import Path

PINNED = Path(__file__).parent / "sdist.txt"
SYSTEM_TESTS = "tests/system"
SECONDS = 120
# What pip says when it got no answer, or none with a file, from the index (pip 23 to 25).
_UNREACHABLE = re.compile(r"from versions: none|Max retries exceeded|Temporary failure in name")


class Unreachable(Exception):
    """The package index can't be reached, as on a machine that is offline."""


def system_tests(keep: Path, unpacked: Path) -> Path:
    """Folder ``tests/system`` of the sdist, unpacked. The archive itself is kept for the next time.

    Raises:
        Unreachable: nothing is kept, and the package index doesn't answer.
        AssertionError: the archive isn't the pinned one, or pip failed for another reason.
    """
    archive = _kept(keep) or _fetched(keep)
    root = archive.name.removesuffix(".tar.gz")
    with tarfile.open(archive) as members:
        members.extractall(unpacked, filter="data")
    return unpacked / root / SYSTEM_TESTS


def _kept(keep: Path) -> Path | None:
    return next((path for path in keep.glob("*.tar.gz") if _is_pinned(path)), None)


def _fetched(keep: Path) -> Path:
    command = ["python3", "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", ":all:", "--require-hashes", "-r", str(PINNED), "--dest", str(keep)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode and _UNREACHABLE.search(done.stderr):
        raise Unreachable(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    [archive] = keep.glob("*.tar.gz")
    assert _is_pinned(archive), f"{archive} hasn't the hash in {PINNED}"
    return archive


def _is_pinned(archive: Path) -> bool:
    pinned = re.findall(r"sha256:([0-9a-f]{64})", PINNED.read_text())
    return pinned == [hashlib.sha256(archive.read_bytes()).hexdigest()]
