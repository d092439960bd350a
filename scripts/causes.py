"""Prints the corpus of events/ by cause: how many ways of AWS to say so are known and tested."""

import json
from collections import Counter
from pathlib import Path

EVENTS = Path(__file__).resolve().parents[1] / "events"
KINDS = ("ecs", "batch", "eks", "refused")


def counted() -> Counter[tuple[str, str]]:
    """Shapes by cause, and by what reports them."""
    corpus = json.loads((EVENTS / "corpus.json").read_text())
    shapes = json.loads((EVENTS / "shapes.json").read_text())["shapes"]
    found: Counter[tuple[str, str]] = Counter()
    for name, entry in corpus["state_changes"].items():
        found[entry["cause"], name.partition("_")[0]] += 1
    for entry in corpus["refused_launches"]:
        found[entry["cause"], "refused"] += 1
    for shape in shapes:
        found[shape["cause"], shape["on"] if shape["on"] in KINDS else "refused"] += 1
    return found


def main() -> None:
    found = counted()
    print(f"{'cause':20}" + "".join(f"{kind:>9}" for kind in (*KINDS, "all")))
    for cause in sorted({cause for cause, _ in found}):
        counts = [found[cause, kind] for kind in KINDS]
        print(f"{cause:20}" + "".join(f"{count:9}" for count in (*counts, sum(counts))))
    print(f"{'':20}" + f"{found.total():>45} ways in which AWS says how a launch ended")


if __name__ == "__main__":
    main()
