"""The report of a verification, as JSON and as Markdown."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jetbridge_cli.verify.cost import Item, total
from jetbridge_cli.verify.delays import Delay
from jetbridge_cli.verify.function_logs import Warned
from jetbridge_cli.verify.markdown import markdown
from jetbridge_cli.verify.masking import Masking
from jetbridge_cli.verify.recorder import MetError
from jetbridge_cli.verify.running import Result, Verdict


@dataclass
class Report:
    """Attributes:
    endpoint: the endpoint of the calls. Empty means AWS itself.
    problem: why the verification ended before its checks. Empty if it didn't.
    clock_ahead_seconds: how far AWS's clock is ahead of this machine's, to within a second.
    deploy_seconds: seconds for each stack.
    left: what could not be removed. None if nothing was removed yet, or everything is kept.
    """

    name: str
    version: str
    region: str
    account: str
    endpoint: str
    began: str
    ended: str = ""
    problem: str = ""
    clock_ahead_seconds: float = 0.0
    results: list[Result] = field(default_factory=list)
    deploy_seconds: dict[str, float] = field(default_factory=dict)
    delays: list[Delay] = field(default_factory=list)
    errors: list[MetError] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    cost: list[Item] = field(default_factory=list)
    cost_at_most_usd: float = 0.0
    removal_seconds: float = 0.0
    left: list[str] | None = None

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if result.verdict is Verdict.FAILED]

    @property
    def verdict(self) -> str:
        """``passed`` if every check that ran has passed and there was no problem."""
        return "failed" if self.failed or self.problem or self.left else "passed"

    def as_json(self, masking: Masking) -> dict[str, Any]:
        content = {"report": "jetbridge verify", "format": 1, "verdict": self.verdict}
        content |= asdict(self) | {"cost_estimated_usd": total(self.cost)}
        masked: dict[str, Any] = masking(json.loads(json.dumps(content, default=str)))
        return masked

    def write(self, folder: Path, masking: Masking) -> list[Path]:
        """Write both files, and return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        content = self.as_json(masking)
        paths = [folder / f"{self.name}.{kind}" for kind in ("json", "md")]
        paths[0].write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        paths[1].write_text(markdown(content))
        return paths
