"""The yardstick: `python -m bench.bare_client URL COUNT CONCURRENCY` posts with aiohttp and does
nothing else (with the sender's own collector settings, which help it too)."""

import asyncio
import json
import resource
import sys
import time

import aiohttp
import uvloop

from services.sending.memory import quiet_collector

BODY = json.dumps(
    {
        "messageData": {
            "to": "5511900010001@s.whatsapp.net",
            "text": "Olá Pessoa 0001, tudo bem?" * 4,
            "linkPreview": False,
        }
    }
).encode()
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer token"}


async def post_all(url: str, count: int, concurrency: int) -> float:
    """Seconds for `count` posts by `concurrency` workers."""
    left = iter(range(count))
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def work() -> None:
            for _ in left:
                async with session.post(url, data=BODY, headers=HEADERS) as answer:
                    assert answer.status == 200
                    await answer.read()

        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        return time.monotonic() - began


if __name__ == "__main__":
    quiet_collector()
    seconds = uvloop.run(post_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime}))
