"""Unpacked code and layers, each kept once."""

import hashlib
import io
import shutil
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4


class PackageStore:
    """A folder of unpacked archives. Equal archives share a folder, since Python compiles what it
    imports once in each: two stacks have the same layers under different ARNs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Path] = {}
        self._lock = threading.Lock()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def unpacked(self, identity: str, archive: Callable[[], bytes]) -> Path:
        """The folder for ``identity``; ``archive`` is asked for the zip only if it is new.

        Raises zipfile.BadZipFile if the archive isn't one.
        """
        with self._lock:
            if identity not in self._known:
                self._known[identity] = self._folder_of(archive())
            return self._known[identity]

    def _folder_of(self, archive: bytes) -> Path:
        target = self._folder / hashlib.sha256(archive).hexdigest()[:32]
        if not target.is_dir():
            draft = self._folder / f"new-{uuid4().hex}"
            _unpack(archive, draft)
            draft.rename(target)
        return target


def _unpack(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        for member in content.infolist():
            path = Path(content.extract(member, folder))
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                path.chmod(mode | 0o400)
    folder.mkdir(exist_ok=True)
