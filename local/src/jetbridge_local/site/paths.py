"""Where the repository's parts are, and where a site keeps its own files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """The repository's parts, below ``root``; everything that is written goes to ``local``."""

    root: Path
    local: Path

    @property
    def cloud(self) -> Path:
        return self.local / "cloud"

    @property
    def airflow_home(self) -> Path:
        return self.local / "airflow"

    @property
    def logs(self) -> Path:
        return self.local / "logs"

    @property
    def ports(self) -> Path:
        return self.local / "ports.json"

    @property
    def processes(self) -> Path:
        return self.local / "processes"

    @property
    def images(self) -> Path:
        return self.root / "examples" / "images.yaml"

    @property
    def dags(self) -> Path:
        return self.root / "examples" / "dags"

    def environment(self, name: str) -> Path:
        """A virtual environment as `make environments` lays it out."""
        return self.root / ".venv" / name

    def python(self, name: str) -> Path:
        return self.environment(name) / "bin" / "python"


def in_repository(local: Path | None = None) -> Paths:
    """The paths of the repository that this module is in; ``local`` defaults to ``.local``."""
    root = Path(__file__).resolve().parents[4]
    return Paths(root, local or root / ".local")
