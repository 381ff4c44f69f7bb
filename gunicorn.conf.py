"""Server settings of the web process. Threads suit pages that wait for PostgreSQL; ample for the load
(docs/benchmarks.md): an acknowledged webhook costs about a millisecond."""

import os

# This machine only: a demonstration's passwords are known to everybody. Procfile and Dockerfile say --bind 0.0.0.0.
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 10
# Longer than a caller keeps an idle connection: the caller must be the first to close. At 5 s a gateway that reused
# one just as we closed it lost its webhook (1 in 100 at idle times near 5 s; none at 75). Gateways do not ask twice.
keepalive = 75
control_socket_disable = True
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 8190
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
