"""What the panel shows about a run: its state, moments, launches, cost and links.

Nothing here calls Airflow or AWS.

This module makes all texts from AWS, containers and people inert. The page escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_jetbridge.links.known import links_of
from airflow_provider_jetbridge.panel.launches import Launch, cost_of, launches_of
from airflow_provider_jetbridge.panel.looking import Seen
from airflow_provider_jetbridge.panel.texts import shown, time_of, words
from airflow_provider_jetbridge.panel.timeline import STARTS, Bar, Look, Moment, bars_of, moments_of
from airflow_provider_jetbridge.panel.tries import LINKS, TaskTry
from airflow_provider_jetbridge.story import KINDS, NOT_RUNNING, WAITS
from jetbridge.contract import Launched, Outcome, StartAnswer, Waiting, WatchedRun, epoch

_LOOKS: dict[str, Look] = {"succeeded": "good", "failed": "bad", "stopped": "stopped"}


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything that the page shows about one run.

    Attributes:
        state: in a word or two. ``look`` is its style on the page.
        facts: names and values.
        waits: a sentence about what the run waits for. Empty if it doesn't wait.
        cost: as a sentence.
        links: addresses by name, all of ``https``.
        moving: whether the view may change soon.
    """

    run_id: str
    state: str
    look: Look
    facts: Mapping[str, str]
    reason: str = ""
    advice: str = ""
    waits: str = ""
    moments: tuple[Moment, ...] = ()
    bars: tuple[Bar, ...] = ()
    launches: tuple[Launch, ...] = ()
    cost: str = ""
    links: Mapping[str, str]
    last_lines: str = ""
    moving: bool = False


def view_of(seen: Seen, of: TaskTry, now: float, *, with_lines: bool) -> View:
    """What to show about a try's run. Only users who may read logs see the last log lines."""
    run = seen.run
    outcome = run.outcome if run else None
    if outcome is not None:
        return _ended(seen, outcome, of, with_lines)
    if run is None:
        return View(
            run_id=seen.run_id,
            state="not known",
            look="unknown",
            facts={"stack": f"{seen.stack} in {seen.region}"},
            advice=(
                "The stack doesn't know the run of this try: the request hasn't reached it, or it "
                "ended more than 14 days ago, which is how long outcomes are kept"
            ),
            links={},
        )
    return _going(seen, run, of, now)


def _going(seen: Seen, run: WatchedRun, of: TaskTry, now: float) -> View:
    launched = seen.launched
    waiting = seen.waiting if seen.waiting and counts(seen.waiting, launched) else None
    running = launched is not None and launched.started_at is not None
    if run.status == "ended":
        state = "ends"
    elif waiting is not None:
        state = WAITS[waiting.what].rstrip(",")
    elif running:
        state = "runs"
    else:
        state = "is launched" if launched else "waits to be launched"
    moments = moments_of(
        {
            "Airflow starts the try": of.started_at,
            "Jetbridge accepts the run": run.created_at,
            f"launch {run.launch} is made": launched.launched_at if launched else None,
            STARTS: epoch(launched.started_at) if launched else None,
            "now": now,
        }
    )
    return View(
        run_id=seen.run_id,
        state=state,
        look="moving",
        facts=_facts(seen, launched) | {"launch": str(run.launch)},
        waits=_waits(waiting) if waiting else _why_not_running(launched),
        moments=moments,
        bars=bars_of(moments, (), "moving"),
        links=_links(seen, launched),
        moving=True,
    )


def _ended(seen: Seen, outcome: Outcome, of: TaskTry, with_lines: bool) -> View:
    accepted = seen.run.created_at if seen.run else None
    deaths = {
        f"launch {death.launch} dies: {words(death.cause)}": death.at for death in outcome.deaths
    }
    moments = moments_of(
        {
            "Airflow starts the try": of.started_at,
            "Jetbridge accepts the run": accepted,
            **deaths,
            STARTS: epoch(outcome.started_at),
            "the container stops": epoch(outcome.stopped_at),
            "Jetbridge seals the outcome": outcome.finished_at,
            "Airflow ends the try": of.ended_at,
        }
    )
    look = _LOOKS[outcome.state]
    lines = "\n".join(map(shown, outcome.last_lines)) if with_lines else ""
    return View(
        run_id=seen.run_id,
        state=f"{outcome.state}: {words(outcome.cause)}",
        look=look,
        facts=_facts(seen, outcome),
        reason=shown(outcome.reason),
        advice=shown(outcome.advice),
        moments=moments,
        bars=bars_of(moments, deaths, look),
        launches=tuple(launches_of(outcome)),
        cost=cost_of(outcome),
        links=_links(seen, outcome),
        last_lines=lines,
    )


def counts(waiting: Waiting, launched: Launched | None) -> bool:
    """Whether the run still waits for this, by the rule of the contract's ``Waiting``."""
    if launched is None or launched.launch < waiting.launch:
        return True
    same = launched.launch == waiting.launch
    return waiting.what == "job_queue" and same and launched.started_at is None


def _facts(seen: Seen, run: Launched | Outcome | None) -> dict[str, str]:
    facts = {"stack": f"{seen.stack} in {seen.region}"}
    if seen.run is not None:
        facts["runs as"] = KINDS[seen.run.backend]
    if run is not None:
        facts["AWS's id"] = run.backend_id or "nothing was launched"
        facts["definition"] = run.definition or ""
        facts["cluster"] = run.cluster or ""
        facts["job queue"] = run.job_queue or ""
    if isinstance(run, Outcome):
        codes = (f"{name} {code}" for name, code in run.exit_codes.items())
        facts["exit codes"] = ", ".join(codes)
        facts["whose fault"] = run.fault
        facts["stopped by"] = run.stopped_by
    return {name: shown(value) for name, value in facts.items() if value}


def _waits(waiting: Waiting) -> str:
    parts = [f"The run {WAITS[waiting.what]} since {time_of(waiting.since)}"]
    parts += [f"next tried at {time_of(waiting.next_at)}"] if waiting.next_at else []
    parts += [f"until {time_of(waiting.until)} at most"] if waiting.until else []
    return f"{', '.join(parts)}. {shown(waiting.reason)}"


def _why_not_running(launched: Launched | None) -> str:
    if launched is None or launched.started_at is not None:
        return ""
    return f"Its {KINDS[launched.backend]} doesn't run yet: {NOT_RUNNING[launched.backend]}."


def _links(seen: Seen, run: Launched | Outcome | None) -> dict[str, str]:
    answer = run or StartAnswer(
        run_id=seen.run_id,
        duplicate=True,
        outcomes_table="",
        stop_function="",
        region=seen.region,
    )
    names = {link().xcom_key: link.name for link in LINKS}
    found = links_of(answer, lambda: seen.stack)
    return safe_links({names[key]: url for key, url in found.items() if key in names})


def safe_links(links: Mapping[str, str]) -> dict[str, str]:
    """The links that lead to web pages. A task may store any text as a link."""
    return {name: url for name, url in links.items() if url.startswith("https://")}
