"""The work for asynchronous peers: one asyncpg pool and one aiohttp session a process."""

from dataclasses import dataclass

import aiohttp
import asyncpg

from bench.peers.common import CAMPAIGN, DSN, HEADERS, OPTIONS, PROVIDER, READ, TENANT, WRITE, body_of, id_in

READ_ROW = READ.format("$1", "$2", "$3")
WRITE_ROW = WRITE.format("$1", "$2", "$3", "$4")
URL = f"{PROVIDER}/rest/sendMessage/bench/text"
CONNECTIONS = 16


@dataclass
class Work:
    """`work = await Work.start()`, then `await work.send(id)`."""

    database: asyncpg.Pool
    http: aiohttp.ClientSession

    @classmethod
    async def start(cls) -> "Work":
        settings = dict(part.removeprefix("c ").split("=") for part in OPTIONS.split("-")[1:])
        database = await asyncpg.create_pool(
            DSN,
            min_size=1,
            max_size=CONNECTIONS,
            server_settings={key: value.strip() for key, value in settings.items()},
        )
        connector = aiohttp.TCPConnector(limit=0)
        return cls(database, aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=15)))

    async def send(self, row_id: int) -> None:
        """Read the row, POST, update the row."""
        row = await self.database.fetchrow(READ_ROW, TENANT, CAMPAIGN, row_id)
        async with self.http.post(URL, data=body_of(row["phone"], row["name"]), headers=HEADERS) as answer:
            assert answer.status == 200
            message_id = id_in(await answer.read())
        await self.database.execute(WRITE_ROW, message_id, TENANT, CAMPAIGN, row_id)

    async def stop(self) -> None:
        await self.http.close()
        await self.database.close()
