"""relay_logs, one delivery after the other."""

import json
from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.live import MemoryLive, MemoryPieces, small_pieces
from jetbridge_testing.memory import MemoryRuns
from jetbridge_testing.samples import REGION, launched_run
from msgspec.structs import replace

from jetbridge.contract import CloudWatchLogTarget, S3LogTarget
from jetbridge.contract.lines import Line
from jetbridge.logs.live.close import CloseLive
from jetbridge.logs.live.memory import FOREIGN_SECONDS, RUN_SECONDS, UNKNOWN_SECONDS, Memory
from jetbridge.logs.live.pieces import LINE_CHARACTERS, PIECE_BYTES, PIECES, Piece, place
from jetbridge.logs.live.port import Stored
from jetbridge.logs.live.relay import WAITS, Contended, LogEvent, Relay, Relayed
from jetbridge.logs.live.streams import LiveStream, Named
from jetbridge.runs.run import Attachment, Run

GROUP, STREAM = "/ecs/report", "report/main/478f3a4c51824ad23cb50c1c60670c0f"
START = 1_772_323_229_000


class Bench:
    """A relay over ports in memory, and the run that it relays."""

    def __init__(self, run: Run | None = None) -> None:
        self.clock = Clock()
        self.live, self.pieces = MemoryLive(), MemoryPieces()
        self.run = run or launched_run()
        self.runs = MemoryRuns(900, self.clock)
        self.runs.create(self.run)
        self.relay = self.another()
        self.number = 0

    def another(self) -> Relay:
        """A function with nothing in its memory."""
        memory = Memory(self.clock)
        return Relay(self.runs, self.live, self.pieces, memory, self.clock, self.clock.sleep)

    def note(self, **fields: Any) -> None:
        known: dict[str, Any] = {"run_id": self.run.run_id, "launch": 1, "container": "main"}
        self.live.note(Named(GROUP, STREAM, LiveStream(**known | fields)))

    def events(self, *texts: str) -> list[LogEvent]:
        made = []
        for text in texts:
            made.append(LogEvent(f"{self.number:056}", Line(START + self.number, text)))
            self.number += 1
        return made

    def deliver(self, *texts: str) -> Relayed:
        return self.relay(GROUP, STREAM, self.events(*texts))

    @property
    def target(self) -> S3LogTarget:
        assert isinstance(self.run.request.log_target, S3LogTarget)
        return self.run.request.log_target

    def shown(self, target: S3LogTarget | None = None) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.pieces.lines(target or self.target)]

    def texts(self) -> list[str]:
        return [line["event"] for line in self.shown()]

    def close(self) -> None:
        CloseLive(self.live, self.pieces, {GROUP}, REGION)(self.run)


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.note()
    return made


def test_lines_are_shown_with_their_own_times(bench: Bench) -> None:
    assert bench.deliver("one", "two") == Relayed(bench.run.run_id, 2)
    assert bench.shown() == [
        {
            "timestamp": f"2026-03-01T00:00:29.00{n}Z",
            "level": "info",
            "logger": "container.main",
            "event": text,
        }
        for n, text in enumerate(["one", "two"])
    ]


def test_lines_join_the_piece_that_is_there(bench: Bench) -> None:
    bench.deliver("one")
    bench.deliver("two")
    assert len(bench.pieces.objects) == 1
    assert bench.texts() == ["one", "two"]


def test_a_repeated_delivery_adds_nothing(bench: Bench) -> None:
    events = bench.events("one", "one", "two")
    for relay in (bench.relay, bench.relay, bench.another()):
        relay(GROUP, STREAM, events)
    assert bench.texts() == ["one", "one", "two"]


def test_a_repeated_delivery_goes_on_where_it_stopped(bench: Bench) -> None:
    with small_pieces(20, 1500):
        events = bench.events(*(f"{n} {'x' * 100}" for n in range(20)))
        write = bench.pieces.write
        left = 2

        def dying(*arguments: Any) -> bool:
            nonlocal left
            left -= 1
            if left < 0:
                raise ConnectionError
            return write(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bench.pieces, "write", dying)
            with pytest.raises(ConnectionError):
                bench.relay(GROUP, STREAM, events)
        bench.another()(GROUP, STREAM, events)
    assert [text.split()[0] for text in bench.texts()] == [str(n) for n in range(20)]


def test_a_late_delivery_takes_its_place_by_time(bench: Bench) -> None:
    early, late = bench.events("early"), bench.events("late")
    bench.relay(GROUP, STREAM, late)
    bench.relay(GROUP, STREAM, early)
    assert bench.texts() == ["early", "late"]


def test_beginning_and_newest_lines_stay_and_the_gap_is_said(bench: Bench) -> None:
    lines = [f"{number:05} {'x' * 990}" for number in range(8_000)]
    for start in range(0, len(lines), 100):
        bench.deliver(*lines[start : start + 100])
    assert len(bench.pieces.objects) == PIECES
    sizes = [stored.piece.size for stored in bench.pieces.objects.values()]
    assert max(sizes) <= PIECE_BYTES
    ordered = sorted(bench.shown(), key=lambda line: str(line["timestamp"]))
    [gap] = [n for n, line in enumerate(ordered) if line["logger"] == "jetbridge"]
    assert "left out" in ordered[gap]["event"]
    numbers = [int(line["event"][:5]) for line in ordered if line["logger"] != "jetbridge"]
    assert numbers[:gap] == list(range(gap))
    assert numbers[gap:] == list(range(numbers[gap], 8_000))
    assert gap > 200
    assert len(numbers) > (PIECES - 2) * 200


def test_a_function_that_starts_late_goes_on_at_the_newest_piece(bench: Bench) -> None:
    for number in range(30):
        bench.deliver(*(f"{number} {'x' * 1000}" for _ in range(100)))
    reads: list[int] = []
    read = bench.pieces.read

    def counted(target: S3LogTarget, number: int) -> Stored | None:
        reads.append(number)
        return read(target, number)

    bench.pieces.read = counted  # type: ignore[method-assign]
    bench.another()(GROUP, STREAM, bench.events("new"))
    assert len(reads) <= 2
    assert "new" in bench.texts()


def test_long_lines_are_cut(bench: Bench) -> None:
    bench.deliver("x" * 1_000_000)
    [line] = bench.shown()
    assert line["event"].startswith("x" * LINE_CHARACTERS + " … (cut")


def test_the_worst_line_fits_a_piece(bench: Bench) -> None:
    bench.deliver("\x01" * 1_000_000, "\U0001f600" * 1_000_000, "\ud800" * 10)
    assert len(bench.shown()) == 3


@pytest.mark.parametrize(
    ("fields", "logger"),
    [
        ({}, "container.main"),
        ({"attempt": 2}, "container.main.attempt-2"),
        ({"launch": 3, "attempt": 2}, "container.main.attempt-2.launch-3"),
    ],
)
def test_container_attempt_and_launch_are_named(fields: dict[str, int], logger: str) -> None:
    bench = Bench()
    bench.note(**fields)
    bench.deliver("one")
    assert bench.shown()[0]["logger"] == logger


def test_lines_that_come_before_anybody_knows_whose_they_are() -> None:
    bench = Bench()
    sleep = bench.clock.sleep

    def noted_meanwhile(seconds: float) -> None:
        sleep(seconds)
        if len(bench.clock.slept) == 2:
            bench.note()

    bench.clock.sleep = noted_meanwhile  # type: ignore[method-assign]
    bench.relay = bench.another()
    assert bench.deliver("one").lines == 1
    assert bench.texts() == ["one"]


def test_relay_logs_waits_once_for_a_streams_run_and_looks_for_it_seldom() -> None:
    bench = Bench()
    for _ in range(50):
        assert bench.deliver("one") == Relayed(None, 0)
    assert bench.clock.slept == list(WAITS)
    assert bench.live.finds == 1 + len(WAITS)
    bench.clock.advance(UNKNOWN_SECONDS)
    bench.note()
    assert bench.deliver("two").lines == 1
    assert bench.clock.slept == list(WAITS)
    assert UNKNOWN_SECONDS < FOREIGN_SECONDS


def test_a_known_stream_is_asked_for_once(bench: Bench) -> None:
    for _ in range(5):
        bench.deliver("one")
    assert bench.live.finds == 1


def test_a_finished_run_shows_nothing_more(bench: Bench) -> None:
    bench.deliver("one")
    bench.close()
    bench.deliver("from a function that doesn't know of the end")
    bench.another()(GROUP, STREAM, bench.events("from one that does"))
    assert bench.pieces.objects == {}


def test_a_piece_that_its_writer_left_behind_goes_with_the_repeated_delivery(bench: Bench) -> None:
    bench.deliver("one")
    bench.close()
    left = Piece(3, [b'{"timestamp": "2026-03-01T00:00:29.000Z", "event": "x"}'])
    assert bench.pieces.write(bench.target, place(3), left, None)
    bench.another()(GROUP, STREAM, bench.events("again"))
    assert bench.pieces.objects == {}


def test_a_later_try_gets_what_comes_from_now_on(bench: Bench) -> None:
    bench.deliver("one")
    later = S3LogTarget(
        bench.target.bucket, bench.target.key_prefix.replace("attempt=1", "attempt=2")
    )
    attachment = Attachment(caller=bench.run.request.caller, log_target=later)
    alias = replace(bench.run, run_id="another")
    assert bench.runs.attach(alias, bench.run, attachment)
    bench.clock.advance(RUN_SECONDS)
    bench.deliver("two")
    assert bench.texts() == ["one", "two"]
    assert [line["event"] for line in bench.shown(later)] == ["two"]


def test_cloudwatch_targets_get_nothing_while_the_container_runs() -> None:
    target = CloudWatchLogTarget(group="airflow-mwaa-Task", stream="dag_id=d/attempt=1.log")
    run = launched_run()
    bench = Bench(replace(run, request=replace(run.request, log_target=target)))
    bench.note()
    assert bench.deliver("one") == Relayed(bench.run.run_id, 0)
    assert bench.pieces.objects == {}


def test_an_unknown_run_and_an_empty_delivery_do_nothing(bench: Bench) -> None:
    bench.live.streams.clear()
    bench.note(run_id="forgotten")
    assert bench.deliver("one") == Relayed("forgotten", 0)
    assert bench.deliver() == Relayed(None, 0)


def test_pieces_that_others_write_all_the_time_are_tried_again_later(bench: Bench) -> None:
    bench.pieces.write = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(Contended, match=rf"{bench.run.run_id}.*s3:GetObject"):
        bench.deliver("one")
    assert sum(bench.clock.slept) < 30, "a function has 60 seconds"


def test_closing_ignores_runs_without_live_logs() -> None:
    run = launched_run()
    live, pieces = MemoryLive(), MemoryPieces()
    CloseLive(live, pieces, {"/another"}, REGION)(run)
    CloseLive(live, pieces, {GROUP}, REGION)(
        replace(run, request=replace(run.request, log_target=None))
    )
    assert (live.runs, pieces.removals) == ({}, 0)
