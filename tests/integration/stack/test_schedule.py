"""A run that EventBridge Scheduler starts."""

from deployed import Deployed, ecs_task


def test_each_firing_is_one_run(deployed: Deployed) -> None:
    arn = "schedule/default/jetbridge-example-report"
    found = deployed.wait(lambda: deployed.requested_with(arn), 240, "scheduled run")
    outcome = deployed.outcome(found[0])
    caller = outcome["caller"]
    assert outcome["state"] == "succeeded"
    assert caller["schedule_arn"].endswith("schedule/default/jetbridge-example-report")
    assert caller["scheduled_time"].startswith("20")
    firing = {"caller": caller, "run_task": ecs_task("jetbridge-example-report")}
    assert deployed.invoke("start-run", firing)["run_id"] == outcome["run_id"]
