"""What AWS Fargate charges for a launch, by its list prices in us-east-1 in US dollars.

Each price names AWS's page, and how and when it was checked. Other regions and private agreements
have other prices.
"""

from typing import Any

from jetbridge.contract.usage import Usage

PRICES: dict[str, dict[str, Any]] = {
    "fargate_vcpu_hours": {
        "usd": 0.04048,
        "per": 1,
        "source": "https://aws.amazon.com/fargate/pricing/ (Linux/x86)",
        "checked": "2026-11-28, public articles that quote that page",
    },
    "fargate_gb_hours": {
        "usd": 0.004445,
        "per": 1,
        "source": "https://aws.amazon.com/fargate/pricing/ (Linux/x86)",
        "checked": "2026-11-28, public articles that quote that page",
    },
    "fargate_arm_vcpu_hours": {
        "usd": 0.03238,
        "per": 1,
        "source": "https://aws.amazon.com/fargate/pricing/ (Linux/ARM)",
        "checked": "2026-11-28, a public article that quotes that page "
        "(vantage.sh/blog/fargate-pricing)",
    },
    "fargate_arm_gb_hours": {
        "usd": 0.00356,
        "per": 1,
        "source": "https://aws.amazon.com/fargate/pricing/ (Linux/ARM)",
        "checked": "2026-11-28, a public article that quotes that page "
        "(vantage.sh/blog/fargate-pricing)",
    },
}
"""``usd`` dollars for ``per`` hours of a vCPU or of a GB of memory."""

_HOUR = 3600
MIB_PER_GB = 1024
_ARM = "arm64"


def price_of(usage: Usage) -> float | None:
    """The price in US dollars. None if the launch ran on instances: AWS bills the instances.

    Spot counts as on demand, because its price changes. It never costs more.
    """
    if usage.launch_type != "FARGATE":
        return None
    hours = usage.seconds / _HOUR
    return usd_of_hours(usage.vcpu, usage.memory_mib, hours, usage.architecture)


def usd_of_hours(vcpu: float, memory_mib: int, hours: float, architecture: str = "") -> float:
    """The price of a size for some hours on demand, in US dollars. ``architecture`` is as in
    ``Usage``."""
    kind = "fargate_arm" if architecture == _ARM else "fargate"
    return _usd(f"{kind}_vcpu_hours", hours * vcpu) + _usd(
        f"{kind}_gb_hours", hours * memory_mib / MIB_PER_GB
    )


def _usd(kind: str, amount: float) -> float:
    price = PRICES[kind]
    return float(amount * price["usd"] / price["per"])
