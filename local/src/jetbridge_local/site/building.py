"""One build of a checkout serves all who deploy from it, also at the same time."""

import fcntl
import hashlib
from collections.abc import Callable
from pathlib import Path

# What `sam build` reads. The functions are deployed from their sources (SkipBuild).
_SOURCES = ("template.yaml", "samconfig.toml", "layers")


def build_once(root: Path, build: Callable[[], None]) -> None:
    """Call ``build`` unless the checkout has been built from the sources that are there now.

    `sam build` removes an earlier build first, so nobody may build while another one deploys. Who
    comes while another one builds waits, and then finds it built. The mark of a build stands in
    the folder that `sam build` removes.
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
    """Of the names and contents of what a build is made from."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            parts = path.relative_to(root).parts
            if not path.is_file() or "__pycache__" in parts:
                continue
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{'/'.join(parts)} {content}\n".encode())
    return digest.hexdigest()
