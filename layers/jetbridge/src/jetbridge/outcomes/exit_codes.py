"""The exit codes of an outcome, and which of them decide."""

from jetbridge.failures import deciding_ends, own_ends
from jetbridge.runs.run import Ending, Run


def exit_codes(run: Run, ending: Ending) -> dict[str, int]:
    """By name of the definition's containers; one that has none is absent."""
    return {
        end.name: end.exit_code
        for end in own_ends(ending, run.definition)
        if end.exit_code is not None
    }


def names_that_decide(run: Run, ending: Ending) -> list[str]:
    """Empty where every exit code decides."""
    decide = deciding_ends(ending, run.definition, run.request.deciding_container)
    if len(decide) == len(own_ends(ending, run.definition)):
        return []
    return [end.name for end in decide if end.exit_code is not None]
