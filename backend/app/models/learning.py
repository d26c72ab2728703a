"""What happened to models, and what is known of jobs beside their queue.

The queue itself is procrastinate's, in a schema of its own; the view ``jobs`` joins both.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime


class ModelEvent(Base):
    """One thing that happened to a model; rows are only ever added."""

    __tablename__ = "models_history"
    __table_args__ = (
        CheckConstraint(
            "event IN ('stored', 'promoted', 'forced', 'challenger', 'retired', 'verified')",
            name="event",
        ),
        Index("ix_models_history_model_id", "model_id", "history_id"),
    )

    history_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.model_id"))
    event: Mapped[str] = mapped_column(String(20))
    old_status: Mapped[str | None] = mapped_column(String(20))
    new_status: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class JobNote(Base):
    """How far a job has come, what came of it, and how often its worker died."""

    __tablename__ = "job_notes"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.user_id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    step: Mapped[str | None] = mapped_column(Text)
    losses: Mapped[int] = mapped_column(server_default="0")
    result: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
