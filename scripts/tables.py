"""Writes the failure table of docs/operations.md from the policy that Jetbridge runs by."""

from pathlib import Path

from jetbridge.contract import Cause
from jetbridge.domain.failures import POLICY, POLICY_VERSION

OPERATIONS = Path(__file__).resolve().parents[1] / "docs" / "operations.md"
BEGIN, END = "<!-- failure table: make docs-tables -->", "<!-- end of failure table -->"


def failure_table() -> str:
    lines = [
        f"Version {POLICY_VERSION} of the table.",
        "",
        "| cause | whose fault | what Jetbridge does | back-off, s | advice |",
        "| --- | --- | --- | --- | --- |",
    ]
    for cause in Cause:
        if cause is Cause.COMPLETED:
            continue
        policy = POLICY[cause]
        does = policy.decision + (", off Spot if asked" if policy.spot_fall_back else "")
        back_off = f"{policy.back_off} to {policy.longest}" if policy.back_off else ""
        lines.append(f"| `{cause}` | {policy.fault} | {does} | {back_off} | {policy.advice} |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """The document with its table as the policy is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{failure_table()}\n{END}{after}"


if __name__ == "__main__":
    OPERATIONS.write_text(with_table(OPERATIONS.read_text()))
