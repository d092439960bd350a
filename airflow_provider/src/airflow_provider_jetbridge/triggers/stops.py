"""Sends stop requests for killed runs, up to a hundred runs in each."""

from __future__ import annotations

import logging

from asgiref.sync import sync_to_async

from airflow_provider_jetbridge.exceptions import StartRefused
from airflow_provider_jetbridge.hooks.jetbridge import RUNS_OF_ONE_STOP, JetbridgeHook
from airflow_provider_jetbridge.triggers.killed import Killed, StopTarget
from airflow_provider_jetbridge.triggers.outcomes import OutcomesReader, OutcomesTable

log = logging.getLogger(__name__)

REASON = "Airflow's task was marked, cleared or deleted while it waited for the run"


class Stopper:
    """Calls one stack's stop_run. Call `connect` on the event loop and `stop` in a thread."""

    def __init__(self, target: StopTarget) -> None:
        self._function = target.stop_function
        self._hook = JetbridgeHook(target.access, airflow=target.airflow)
        self._reader = OutcomesReader(OutcomesTable(target.outcomes_table, target.access))

    async def connect(self) -> None:
        """Make the clients. This reads the connection from Airflow.

        Raises:
            AirflowNotFoundException, BotoCoreError, …: the connection is missing or incomplete.
        """
        await sync_to_async(self._reader.connect)()
        await sync_to_async(self._hook.connect)()

    def stop(self, kills: list[Killed]) -> list[Killed]:
        """Stop the runs that have no outcome yet.

        Returns the runs that are worth another attempt. Never raises.
        """
        ended = self._reader.read([killed.run_id for killed in kills]).ended
        running = [killed for killed in kills if killed.run_id not in ended]
        again: list[Killed] = []
        for start in range(0, len(running), RUNS_OF_ONE_STOP):
            some = running[start : start + RUNS_OF_ONE_STOP]
            try:
                self._request(some)
            except StartRefused as error:
                names = ", ".join(killed.run_id for killed in some)
                log.error(
                    "Killed runs could not be stopped and may still be running: %s: %s",
                    names,
                    error,
                )
            except Exception as error:
                log.warning("%d killed runs could not be stopped: %s", len(some), error)
                again += some
        return again

    def _request(self, kills: list[Killed]) -> None:
        callers = {killed.run_id: killed.caller_key for killed in kills}
        answer = self._hook.stop(self._function, callers, REASON)
        for run_id, why in answer.refused.items():
            log.error(
                "Killed run %s could not be stopped, and may still be running: %s", run_id, why
            )
        log.info(
            "Killed in Airflow: %d runs are being stopped, %d had ended, %d keep running for "
            "another try, %d are unknown: %s",
            len(answer.stopping),
            len(answer.already_ended),
            len(answer.taken_over),
            len(answer.unknown),
            ", ".join(callers),
        )
