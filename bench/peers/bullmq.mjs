// BullMQ: one Node process, jobs removed when done; undici's pool and pg's pool, both kept alive.
import { Queue, Worker } from "bullmq";
import Redis from "ioredis";
import pg from "pg";
import { Pool } from "undici";

const env = process.env;
const connection = new Redis(env.BENCH_REDIS_SOCKET, { maxRetriesPerRequest: null });
const key = [Number(env.BENCH_TENANT), Number(env.BENCH_CAMPAIGN)];
const READ = "SELECT phone, name FROM campaign_contacts WHERE tenant_id = $1 AND campaign_id = $2 AND id = $3";
const WRITE =
  "UPDATE campaign_contacts SET status = 'sent', provider_message_id = $1, sent_at = now()" +
  " WHERE tenant_id = $2 AND campaign_id = $3 AND id = $4";

async function enqueue() {
  const queue = new Queue("bench", { connection, defaultJobOptions: { removeOnComplete: true, attempts: 3 } });
  const count = Number(env.BENCH_COUNT);
  for (let first = 1; first <= count; first += 1000) {
    const ids = Array.from({ length: Math.min(1000, count - first + 1) }, (_, place) => first + place);
    await queue.addBulk(ids.map((id) => ({ name: "send", data: { id } })));
  }
  await queue.close();
  connection.disconnect();
}

function work() {
  const inFlight = Number(env.BENCH_IN_FLIGHT);
  const database = new pg.Pool({ connectionString: env.BENCH_DSN, max: 16, options: "-c app.scope=system" });
  const provider = new Pool(env.BENCH_PROVIDER, { connections: inFlight, pipelining: 1 });
  const send = async (job) => {
    const read = await database.query({ name: "read", text: READ, values: [...key, job.data.id] });
    const { phone, name } = read.rows[0];
    const text = `Olá ${name}, esta é a variação 1 da nossa mensagem de teste, com um texto de tamanho comum.`;
    const answer = await provider.request({
      path: "/rest/sendMessage/bench/text",
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer token" },
      body: JSON.stringify({ messageData: { to: `${phone}@s.whatsapp.net`, text, linkPreview: false } }),
    });
    const said = await answer.body.json();
    await database.query({ name: "write", text: WRITE, values: [said.messageData.key.id, ...key, job.data.id] });
  };
  const worker = new Worker("bench", send, { connection, concurrency: inFlight });
  worker.on("error", (error) => console.error(error));
  worker.on("failed", (_, error) => console.error(error));
}

if (process.argv.includes("work")) work();
else await enqueue();
