"""The engine behind `worker_sender.py`: choose, rotate, pace, claim, send, settle, receive, recover."""

from services.sending.daemon import Daemon
from services.sending.engine import Engine, EngineClock
from services.sending.memory import give_large_blocks_back, quiet_collector
from services.sending.tuning import Tuning

__all__ = ["Daemon", "Engine", "EngineClock", "Tuning", "give_large_blocks_back", "quiet_collector"]
