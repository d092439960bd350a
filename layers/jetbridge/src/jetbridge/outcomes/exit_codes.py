"""The exit codes of an outcome, and which of them decide."""

from jetbridge.failures import deciding_ends, own_ends
from jetbridge.runs.run import Definition, Ending, Run


def exit_codes(run: Run, ending: Ending) -> dict[str, int]:
    """Exit codes by container name, of the definition's containers. A container without one is
    absent."""
    return exit_codes_of(ending, run.definition)


def names_that_decide(run: Run, ending: Ending) -> list[str]:
    """Names of the containers whose exit codes decide; empty if all do."""
    return deciding_names(ending, run.definition, run.request.deciding_container)


def exit_codes_of(ending: Ending, definition: Definition | None) -> dict[str, int]:
    """``exit_codes`` of an end without a run."""
    return {
        end.name: end.exit_code for end in own_ends(ending, definition) if end.exit_code is not None
    }


def deciding_names(
    ending: Ending, definition: Definition | None, container: str | None = None
) -> list[str]:
    """``names_that_decide`` of an end without a run; ``container``: the only one that decides."""
    decide = deciding_ends(ending, definition, container)
    if len(decide) == len(own_ends(ending, definition)):
        return []
    return [end.name for end in decide if end.exit_code is not None]
