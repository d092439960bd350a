"""One build of a checkout is enough for all that deploy from it, even at the same time."""

import fcntl
import hashlib
from collections.abc import Callable
from pathlib import Path

# What `sam build` reads. The functions are deployed from their sources (SkipBuild).
_SOURCES = ("template.yaml", "samconfig.toml", "layers")


def build_once(root: Path, build: Callable[[], None]) -> None:
    """Call ``build`` unless the checkout has been built from its present sources.

    `sam build` first removes an earlier build, so nobody may build while another program deploys.
    If another program is building, wait, and use its build. A file in the folder that `sam build`
    removes marks a finished build.
    """
    folder = root / ".aws-sam"
    folder.mkdir(exist_ok=True)
    mark = folder / "build" / "built-from"
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = sources_digest(root)
        if mark.is_file() and mark.read_text() == digest:
            return
        build()
        mark.write_text(digest)


def sources_digest(root: Path) -> str:
    """The digest of the names and contents of a build's sources."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            parts = path.relative_to(root).parts
            if not path.is_file() or "__pycache__" in parts:
                continue
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{'/'.join(parts)} {content}\n".encode())
    return digest.hexdigest()
