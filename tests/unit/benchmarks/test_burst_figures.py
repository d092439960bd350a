"""The burst's figures, from bursts whose figures are known."""

from benchmarks.burst.figures import Burst

RUNS = ["a", "b", "c"]


def a_burst(sealed: dict[str, str], announced: list[tuple[str, str]]) -> Burst:
    return Burst(
        runs=RUNS,
        events=3,
        messages=4,
        sealed=sealed,
        announced=announced,
        cpu_seconds=1.5,
        seconds=10.0,
    )


def all_failed() -> dict[str, str]:
    return dict.fromkeys(RUNS, "failed 1.5")


def announced(*runs: str) -> list[tuple[str, str]]:
    return [(run, "failed 1.5") for run in runs]


def test_each_run_has_one_outcome() -> None:
    burst = a_burst(all_failed(), announced(*RUNS))
    assert (burst.outcomes, burst.duplicates, burst.announced_again, burst.lost) == (3, 0, 0, 0)
    assert burst.events_per_cpu_second == 2.0


def test_outcomes_of_other_runs_are_not_the_burst_s() -> None:
    assert a_burst({"a": "failed 1.5", "other": "failed 1.5"}, []).outcomes == 1


def test_the_same_outcome_may_be_announced_again() -> None:
    burst = a_burst(all_failed(), announced(*RUNS, "a", "a", "b"))
    assert (burst.announced_again, burst.duplicates, burst.lost) == (3, 0, 0)


def test_a_run_without_an_outcome_or_announcement_is_lost() -> None:
    burst = a_burst({"a": "failed 1.5", "b": "failed 1.5"}, announced("a", "c"))
    assert burst.lost == 2


def test_another_outcome_of_the_same_run_is_one_duplicate_however_often_it_is_announced() -> None:
    other = ("a", "failed 2.5")
    burst = a_burst(all_failed(), [*announced(*RUNS), other, other])
    assert (burst.duplicates, burst.announced_again) == (1, 2)
