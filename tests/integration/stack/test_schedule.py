"""A run that EventBridge Scheduler starts."""

from deployed import Deployed


def test_each_firing_is_one_run(deployed: Deployed) -> None:
    dynamodb = deployed.client("dynamodb")

    def scheduled() -> list[str]:
        rows = dynamodb.scan(TableName=deployed.outputs["RunsTableName"])["Items"]
        return [row["run_id"]["S"] for row in rows if '"schedule_arn"' in row["request"]["S"]]

    outcome = deployed.outcome(deployed.wait(scheduled, 90, "scheduled run")[0])
    caller = outcome["caller"]
    assert outcome["state"] == "succeeded"
    assert caller["schedule_arn"].endswith("schedule/default/jetbridge-example-report")
    assert caller["scheduled_time"].startswith("20")
    firing = {"caller": caller, "run_task": {"taskDefinition": "jetbridge-example-report"}}
    assert deployed.invoke("start-run", firing)["run_id"] == outcome["run_id"]
