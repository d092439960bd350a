"""What one run costs, and a month without any: AWS calls, units, GB-seconds, dollars.

Each kind of run goes through the deployed stack one after the other, with its log copied, once to
warm the functions up and then `REPEATS` times; the figures are those of the run in the middle.
Calls are those of Jetbridge's functions, as the local cloud recorded them; DynamoDB's units are
counted from each item before and after its write, by AWS's rules (ministack_seam/capacity.py).
GB-seconds are of the duration that the local cloud's Lambda reports, on this machine's processors.

For each kind ``calls``, ``writes`` (items, also of writes whose condition failed), ``base_wcu``,
``index_wcu``, ``lambda_gb_s`` and ``usd_per_1000``; ``idle_usd_month`` is the stack without runs,
``idle_usd_month_for`` the same by what is paid for.
"""

from collections.abc import Iterable

from benchmarks.cost.figures import figures, in_the_middle, table
from benchmarks.cost.idle import idle
from benchmarks.cost.kinds import WITH_LIVE, WITHOUT_LIVE, Kind
from benchmarks.cost.measuring import Measuring
from benchmarks.cost.site import IMAGES, define_jobs, prepare, serve_airflow
from benchmarks.cost.usage import Usage
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace

REPEATS = sized(3, 1)


def run(workspace: Workspace) -> Result:
    stack = workspace.deployed_stack(images=IMAGES)
    define_jobs(stack)
    measuring = Measuring(stack, workspace.paths.root)
    with workspace.progress.step("idle"):
        nothing = idle(stack, measuring)
    measured = dict(_measured(workspace, measuring, WITHOUT_LIVE))
    with workspace.progress.step("sam deploy, with live logs and push"):
        workspace.site.application.deploy(**prepare(stack))
    workspace.at_close(serve_airflow(stack))
    measured |= dict(_measured(workspace, measuring, WITH_LIVE))
    return Result(figures(measured, nothing), table(measured, nothing))


def _measured(
    workspace: Workspace, measuring: Measuring, kinds: Iterable[Kind]
) -> Iterable[tuple[str, Usage]]:
    for kind in kinds:
        with workspace.progress.step(kind.name):
            measuring.run(kind)
            yield kind.name, in_the_middle([measuring.run(kind) for _ in range(REPEATS)])
