"""What the worker of the queue can do, by the kind of a job."""

from collections.abc import Mapping
from typing import Any

from app.services.model_training import (
    TRAIN,
    VERIFY,
    request_of,
    train_stored,
    verify_stored,
)
from app.wiring import trial_ledger
from app.workers.job_run import JobRun, Work


def train_model(arguments: Mapping[str, Any], run: JobRun) -> Mapping[str, Any]:
    """Train a model on a stored series and keep it."""
    request = request_of(arguments["request"])
    return train_stored(request, arguments["actor"], trial_ledger(), run).to_record()


def verify_model(arguments: Mapping[str, Any], run: JobRun) -> Mapping[str, Any]:
    """Train a stored model again and compare."""
    return verify_stored(arguments["model_id"], arguments["actor"], run).to_record()


TASKS: Mapping[str, Work] = {TRAIN: train_model, VERIFY: verify_model}
"""Another kind of job is another line here."""
