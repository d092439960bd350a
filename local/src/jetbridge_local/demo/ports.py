"""The ports that `make up` keeps from one start to the next."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from jetbridge_local.airflow.ports import free_port, is_answered


@dataclass(frozen=True)
class Ports:
    """Of 127.0.0.1: the local cloud's and that of Airflow's API server."""

    cloud: int
    airflow: int

    @classmethod
    def kept(cls, file: Path) -> Self:
        """Those of the last start if ``file`` has them, else free ones; ``file`` has them then."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return cls(free_port(), free_port())._keep(file)

    def replaced_if_taken(self, file: Path) -> Self:
        """These, or a free one for each that another program answers on meanwhile."""
        cloud, airflow = (
            free_port() if is_answered(port) else port for port in (self.cloud, self.airflow)
        )
        return type(self)(cloud, airflow)._keep(file)

    def _keep(self, file: Path) -> Self:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")
        return self
