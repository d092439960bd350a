"""The image map: which local folder is used for which container image."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from .errors import ImageMapError

_KEYS = frozenset({"folder", "command", "environment"})


@dataclass(frozen=True)
class Image:
    """What replaces an image: a folder's content, a default command and an environment."""

    folder: Path
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class ImageMap:
    """Maps image URIs, or globs of them, to local folders. A literal URI comes before a glob. If
    several globs match, the first in the file counts."""

    def __init__(self, images: Mapping[str, Image]) -> None:
        self._images = dict(images)

    def resolve(self, uri: str) -> Image | None:
        """The image for this URI, or None if the map has none."""
        if uri in self._images:
            return self._images[uri]
        return next((i for pattern, i in self._images.items() if fnmatchcase(uri, pattern)), None)

    @classmethod
    def load(cls, path: Path) -> "ImageMap":
        """Read a ``.yaml``, ``.yml`` or ``.json`` file. Relative folders are relative to it.

        Raises ImageMapError if it isn't a valid image map, OSError if it can't be read.
        """
        text = path.read_text(encoding="utf-8")
        try:
            content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        except (ValueError, yaml.YAMLError) as error:
            raise ImageMapError(f"{path}: not valid {path.suffix[1:].upper()}: {error}") from error
        return cls.parse({} if content is None else content, path.parent, str(path))

    @classmethod
    def parse(cls, content: Any, base: Path, name: str = "image map") -> "ImageMap":
        """Read ``{uri or glob: {folder, command, environment}}``. Raises ImageMapError."""
        if not isinstance(content, Mapping):
            raise ImageMapError(f"{name}: must be a mapping of image to folder, not {content!r}")
        return cls({str(k): _image(v, base, f"{name}: {k}") for k, v in content.items()})


class ImageMapFile:
    """The image map in a file, which may change while the cloud runs.

    Its constructor raises ImageMapError and OSError, like `ImageMap.load`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_at = self._changed_at()
        self._map = ImageMap.load(path)

    def resolve(self, uri: str) -> Image | None:
        """Like `ImageMap.resolve`, but reads the file again if it has changed.

        Raises:
            ImageMapError: the changed file isn't a valid image map, or no longer exists.
        """
        try:
            if (changed_at := self._changed_at()) != self._read_at:
                self._map = ImageMap.load(self.path)
                self._read_at = changed_at
        except OSError as error:
            raise ImageMapError(f"{self.path}: can't be read: {error}") from error
        return self._map.resolve(uri)

    def _changed_at(self) -> tuple[int, int]:
        status = self.path.stat()
        return status.st_mtime_ns, status.st_size


def _image(entry: Any, base: Path, place: str) -> Image:
    if not isinstance(entry, Mapping):
        raise ImageMapError(f"{place}: must be a mapping with 'folder', not {entry!r}")
    if unknown := sorted(set(map(str, entry)) - _KEYS):
        raise ImageMapError(f"{place}: unknown {', '.join(unknown)}; known: {sorted(_KEYS)}")
    folder = entry.get("folder")
    if not isinstance(folder, str) or not (base / folder).is_dir():
        raise ImageMapError(f"{place}: 'folder' must name a folder that exists, not {folder!r}")
    command = entry.get("command", [])
    if not isinstance(command, list) or not all(isinstance(part, str) for part in command):
        raise ImageMapError(f"{place}: 'command' must be a list of strings, not {command!r}")
    environment = entry.get("environment", {})
    if not isinstance(environment, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) for k, v in environment.items()
    ):
        raise ImageMapError(f"{place}: 'environment' must map strings to strings (quote numbers)")
    return Image((base / folder).resolve(), tuple(command), dict(environment))
