"""The sender: `python worker_sender.py`. Any number of them on any number of hosts share the work by row claims."""

import sys

import uvloop

from core import http
from core.config import ConfigurationError, get_settings
from core.db import SchemaTooOld, UnsafeDatabaseRole, make_engine, make_session_factory
from core.logs import configure_logs
from core.startup import refuse_to_start
from services import subscriptions
from services.sending import Daemon, Engine, give_large_blocks_back, quiet_collector


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 with the reason when the process must not start."""
    try:
        settings = get_settings()
        engine = make_engine(settings.database_url, pool_size=6)
        refuse_to_start(engine)
    except (ConfigurationError, UnsafeDatabaseRole, SchemaTooOld) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    configure_logs(production=settings.is_production)
    http.configure(allow_private_hosts=settings.may_reach_private_hosts)
    subscriptions.subscribe_all()
    daemon = Daemon(Engine(make_session_factory(engine)), redis_url=settings.redis_url)
    quiet_collector()
    give_large_blocks_back()
    uvloop.run(daemon.run())
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
