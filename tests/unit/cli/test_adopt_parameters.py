"""``jetbridge adopt check``: the stack's parameters, and what AWS says of definitions."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interception import intercept
from typer.testing import CliRunner, Result

from jetbridge_cli.adopt import command, parsing
from jetbridge_cli.adopt.allowed import Place, as_sam_config, stack_parameters
from jetbridge_cli.main import app

EMPTY: dict[str, Any] = {
    "clusters": [],
    "task_definitions": [],
    "job_queues": [],
    "job_definitions": [],
    "roles": [],
    "log_groups": [],
    "unknown": {},
}
HERE = Place("eu-west-1", "123456789012")


def task(verdict: str = "adopted", **needs: Any) -> dict[str, Any]:
    return {
        "dag_id": "d",
        "task_id": "t",
        "verdict": verdict,
        "why": "because",
        "same": ["cluster"],
        "changes": [{"keyword": "pool", "here": "takes no slot"}],
        "refused": ["it can't be"] if verdict == "stays" else [],
        "mapped": False,
        "needs": EMPTY | needs,
    }


def report(*tasks: Any, **changes: Any) -> dict[str, Any]:
    return {"tasks": list(tasks), "import_errors": {}, "adopt": "*", "percent": 100.0, **changes}


@pytest.mark.parametrize(
    ("kind", "name", "arn"),
    [
        ("clusters", "etl", "arn:aws:ecs:eu-west-1:123456789012:cluster/etl"),
        ("clusters", "arn:aws-cn:ecs:r:1:cluster/x", "arn:aws-cn:ecs:r:1:cluster/x"),
        ("task_definitions", "a", "arn:aws:ecs:eu-west-1:123456789012:task-definition/a:*"),
        ("task_definitions", "a:7", "arn:aws:ecs:eu-west-1:123456789012:task-definition/a:7"),
        (
            "task_definitions",
            "arn:aws:ecs:r:1:task-definition/a",
            "arn:aws:ecs:r:1:task-definition/a:*",
        ),
        ("job_queues", "q", "arn:aws:batch:eu-west-1:123456789012:job-queue/q"),
        ("job_definitions", "j", "arn:aws:batch:eu-west-1:123456789012:job-definition/j:*"),
        ("log_groups", "/ecs/a", "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/a:*"),
        ("roles", "arn:aws:iam::1:role/r", "arn:aws:iam::1:role/r"),
    ],
)
def test_names_become_what_the_parameter_takes(kind: str, name: str, arn: str) -> None:
    assert HERE.arn(kind, name) == arn


def test_only_what_jetbridge_runs_is_allowed() -> None:
    tasks = [
        task(clusters=["b", "a"], task_definitions=["t"]),
        task("jetbridge", clusters=["a"]),
        task("stays", clusters=["closed"]),
        task("not chosen", job_queues=["closed"]),
    ]
    parameters = stack_parameters(tasks, Place())
    assert parameters == {
        "ClusterArns": ["arn:aws:ecs:*:*:cluster/a", "arn:aws:ecs:*:*:cluster/b"],
        "TaskDefinitionArns": ["arn:aws:ecs:*:*:task-definition/t:*"],
    }


@given(
    st.dictionaries(
        st.sampled_from(["ClusterArns", "JobQueueArns", "PassableRoleArns"]),
        st.lists(
            st.from_regex(r"arn:aws:[a-z]+:\*:[0-9]{12}:[A-Za-z0-9_/:*.@+=-]+", fullmatch=True)
        ),
    )
)
def test_the_file_is_what_sam_reads(parameters: dict[str, list[str]]) -> None:
    read = tomllib.loads(as_sam_config(parameters, ["a remark"]))
    overrides = read["default"]["deploy"]["parameters"]["parameter_overrides"]
    assert dict(each.split("=", 1) for each in overrides) == {
        name: ",".join(arns) for name, arns in parameters.items()
    }


class TestCommand:
    @pytest.fixture
    def parsed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
        def parsed(made: Any) -> Any:
            monkeypatch.setattr(command, "find_python", lambda python: tmp_path)
            monkeypatch.setattr(command, "parse", lambda *given: made)
            return str(tmp_path)

        return parsed

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["adopt", "check", *arguments])

    def test_a_task_that_stays_is_exit_code_3(
        self, parsed: Callable[[dict[str, Any]], str]
    ) -> None:
        ended = self.run(parsed(report(task(), task("stays"))))
        assert ended.exit_code == 3
        assert "it can't be" in ended.stdout
        assert "1 adopted, 1 stays" in ended.stdout

    def test_a_file_that_cant_be_parsed_is_exit_code_3(
        self, parsed: Callable[[dict[str, Any]], str]
    ) -> None:
        errors = {"broken.py": "Traceback\nNameError: no such name\n"}
        ended = self.run(parsed(report(import_errors=errors)))
        assert ended.exit_code == 3
        assert "broken.py can't be parsed: NameError: no such name" in ended.stdout

    def test_what_is_known_only_at_run_time_is_listed(
        self, parsed: Callable[[dict[str, Any]], str]
    ) -> None:
        folder = parsed(report(task(unknown={"cluster": "the template {{ x }}"})))
        ended = self.run(folder, "-o", "parameters")
        assert ended.exit_code == 0
        assert "# d.t: cluster is the template {{ x }}" in ended.stdout

    def test_definitions_are_looked_up(
        self, parsed: Callable[[dict[str, Any]], str], aws: None
    ) -> None:
        ecs = boto3.client("ecs", region_name="eu-west-1")
        role = "arn:aws:iam::123456789012:role/of-the-task"
        ecs.register_task_definition(
            family="extract",
            taskRoleArn=role,
            containerDefinitions=[
                {
                    "name": "main",
                    "image": "i",
                    "memory": 64,
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {"awslogs-group": "/ecs/extract"},
                    },
                }
            ],
        )
        batch = boto3.client("batch", region_name="eu-west-1")
        batch.register_job_definition(
            jobDefinitionName="report",
            type="container",
            containerProperties={"image": "i", "vcpus": 1, "memory": 64},
        )
        folder = parsed(
            report(task(task_definitions=["extract", "gone"], job_definitions=["report", "lost"]))
        )
        ended = self.run(folder, "--look-up", "--region", "eu-west-1", "-o", "json")
        found = json.loads(ended.stdout)
        assert found["parameters"]["PassableRoleArns"] == [role]
        assert found["parameters"]["ContainerLogGroupArns"] == [
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/batch/job:*",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/extract:*",
        ]
        assert [remark.split(":")[1].strip() for remark in found["remarks"]] == ["gone", "lost"]

    def test_the_newest_definition_is_found_on_whatever_page(
        self,
        parsed: Callable[[dict[str, Any]], str],
        aws: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def page(revision: int, group: str) -> dict[str, Any]:
            logs = {"logDriver": "awslogs", "options": {"awslogs-group": group}}
            container = {"image": "i", "logConfiguration": logs}
            found = {"jobDefinitionName": "report", "revision": revision}
            return {"jobDefinitions": [found | {"containerProperties": container}]}

        def answer(operation: str, given: dict[str, Any]) -> dict[str, Any] | None:
            if operation != "DescribeJobDefinitions":
                return None
            first = page(7, "/old") | {"nextToken": "more"}
            return page(12, "/new") if "nextToken" in given else first

        intercept(monkeypatch, answer)
        folder = parsed(report(task(job_definitions=["report"])))
        ended = self.run(folder, "--look-up", "--region", "eu-west-1", "-o", "json")
        assert json.loads(ended.stdout)["parameters"]["ContainerLogGroupArns"] == [
            "arn:aws:logs:eu-west-1:123456789012:log-group:/new:*"
        ]


class TestParsing:
    def test_no_airflow(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        ended = CliRunner().invoke(app, ["adopt", "check", str(tmp_path)])
        assert ended.exit_code == 1
        assert "no Airflow is in PATH: give --python" in ended.stderr

    def test_an_environment_without_the_provider(self, tmp_path: Path) -> None:
        python = tmp_path / "python"
        python.write_text(
            "#!/bin/sh\n"
            f"echo \"ModuleNotFoundError: No module named '{parsing.MODULE.split('.')[0]}'\" >&2\n"
            "exit 1\n"
        )
        python.chmod(0o755)
        arguments = ["adopt", "check", str(tmp_path), "--python", str(python)]
        ended = CliRunner().invoke(app, arguments)
        assert ended.exit_code == 1
        assert "install airflow-provider-jetbridge there" in ended.stderr

    @pytest.mark.parametrize(
        ("file", "what"), [("dags/ends.py", "dags/ends.py (correct"), ("", "the DAGs: it")]
    )
    def test_a_file_that_ends_the_process_is_named(
        self, tmp_path: Path, file: str, what: str
    ) -> None:
        python = tmp_path / "python"
        python.write_text(f'#!/bin/sh\nprintf "%s" "{file}" > "${{5%.json}}.parsing"\nexit 7\n')
        python.chmod(0o755)
        arguments = ["adopt", "check", str(tmp_path), "--python", str(python)]
        ended = CliRunner().invoke(app, arguments)
        assert ended.exit_code == 1
        told = " ".join(ended.stderr.split())
        assert f"python can't parse {what}" in told
        assert "it ended with exit code 7" in told

    def test_output_that_is_no_text_is_no_problem(self, tmp_path: Path) -> None:
        python = tmp_path / "python"
        python.write_text("#!/bin/sh\nprintf '\\377' >&2\nexit 1\n")
        python.chmod(0o755)
        arguments = ["adopt", "check", str(tmp_path), "--python", str(python)]
        ended = CliRunner().invoke(app, arguments)
        assert "can't parse the DAGs: \N{REPLACEMENT CHARACTER}" in " ".join(ended.stderr.split())

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            ("KeyError: 'x'", "KeyError: 'x'"),
            ('Traceback:\n  File "d.py", line 1\n    x\nNameError: x\n', "NameError: x"),
            (
                'Traceback:\n  File "d.py", line 1\n    sleep(100)\n    ~~~~~^^^^^\n'
                "AirflowTaskTimeout: after 30.0s.\nTake a look at:\n* https://a, PID: 7",
                "AirflowTaskTimeout: after 30.0s.",
            ),
            (
                'Traceback:\n  File "a.py", line 1\nKeyError: 1\n\nDuring handling\n\n'
                'Traceback:\n  File "b.py", line 2\nValueError: two\nlines',
                "ValueError: two",
            ),
            ('  File "d.py", line 1\n', '  File "d.py", line 1'),
            ("", "no reason"),
        ],
    )
    def test_the_reason_is_the_exceptions_line(self, error: str, reason: str) -> None:
        assert parsing.reason_of(error).strip() == reason.strip()

    def test_no_folder(self, tmp_path: Path) -> None:
        python = tmp_path / "python"
        python.touch()
        arguments = ["adopt", "check", str(tmp_path / "dags"), "--python", str(python)]
        assert "dags isn't a folder" in CliRunner().invoke(app, arguments).stderr
