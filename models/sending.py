"""The sender daemons that are alive: for the health check and the super-admin, never for deciding who sends what."""

from datetime import datetime

from sqlalchemy import Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class ProcessBeat(Base):
    """A long-running process's last sign of life. A platform table."""

    __tablename__ = "process_beats"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    pid: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    beat_at: Mapped[datetime] = mapped_column(server_default=func.now())
