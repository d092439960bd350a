"""The exit codes of an outcome, and which of them decide."""

from jetbridge.failures import deciding_ends, own_ends
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Definition, Run


def exit_codes(run: Run, ending: Ending) -> dict[str, int]:
    """Exit codes by container name, for the containers of the definition. A container without an
    exit code is left out."""
    return exit_codes_of(ending, run.definition)


def names_that_decide(run: Run, ending: Ending) -> list[str]:
    """Names of the deciding containers; empty if all containers decide."""
    return deciding_names(ending, run.definition, run.request.deciding_container)


def exit_codes_of(ending: Ending, definition: Definition | None) -> dict[str, int]:
    """``exit_codes`` of an end that belongs to no run."""
    return {
        end.name: end.exit_code for end in own_ends(ending, definition) if end.exit_code is not None
    }


def deciding_names(
    ending: Ending, definition: Definition | None, container: str | None = None
) -> list[str]:
    """``names_that_decide`` of an end that belongs to no run. If ``container`` is given, only that
    container decides."""
    decide = deciding_ends(ending, definition, container)
    if len(decide) == len(own_ends(ending, definition)):
        return []
    return [end.name for end in decide if end.exit_code is not None]
