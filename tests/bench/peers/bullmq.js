// BullMQ as its users run it. node bullmq.js jobs|drain|schedule|late SOCKET COUNT BULK CONCURRENCY
// One line of JSON: per_s, or p50_ms and p99_ms. BULK 1: each job added by itself, 64 on their way. Jobs do nothing.
const { Queue, Worker } = require('bullmq');
const IORedis = require('ioredis').default || require('ioredis');

const [mode, socket] = process.argv.slice(2, 4);
const [count, bulk, concurrency] = process.argv.slice(4).map(Number);
const connect = () => new IORedis({ path: socket, maxRetriesPerRequest: null });
const payload = 'x'.repeat(100);
const kept = { removeOnComplete: true, removeOnFail: true };
const HOUR = 3600000, LEAD = 6000, IN_FLIGHT = 64;

const seconds = since => Number(process.hrtime.bigint() - since) / 1e9;
const percentile = (values, part) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

async function fill(queue, options) {
  let next = 0;
  const lanes = bulk > 1 ? 8 : IN_FLIGHT;
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (next < count) {
      const first = next;
      next += bulk;
      const jobs = Array.from({ length: Math.min(bulk, count - first) }, (_, i) =>
        ({ name: 'job', data: { payload, number: first + i }, opts: { ...kept, ...options() } }));
      await (bulk > 1 ? queue.addBulk(jobs) : queue.add('job', jobs[0].data, jobs[0].opts));
    }
  }));
}

// Resolves when all have been handled; `first` is told when the first was.
function handled(each) {
  let done = 0, first;
  return new Promise(resolve => {
    const worker = new Worker('bench', async job => {
      first = first || process.hrtime.bigint();
      each(job);
      if (++done === count) setImmediate(() => resolve({ worker, first }));
    }, { connection: connect(), concurrency });
  });
}

const modes = {
  async jobs(queue) {
    const begun = process.hrtime.bigint(), all = handled(() => {});
    await fill(queue, () => ({}));
    const { worker } = await all;
    return [worker, { per_s: count / seconds(begun) }];
  },
  async drain(queue) {
    await fill(queue, () => ({}));
    const { worker, first } = await handled(() => {});
    return [worker, { per_s: count / seconds(first) }];
  },
  async schedule(queue) {
    const begun = process.hrtime.bigint();
    await fill(queue, () => ({ delay: HOUR }));
    return [null, { per_s: count / seconds(begun) }];
  },
  async late(queue) {
    const due = Date.now() + LEAD, late = [];
    await fill(queue, () => ({ delay: due - Date.now() }));
    const { worker } = await handled(() => late.push(Date.now() - due));
    return [worker, { p50_ms: percentile(late, 0.5), p99_ms: percentile(late, 0.99) }];
  },
};

(async () => {
  const redis = connect();
  await redis.flushall();
  const queue = new Queue('bench', { connection: connect() });
  await queue.waitUntilReady();
  const [worker, found] = await modes[mode](queue);
  if (worker) await worker.close();
  console.log(JSON.stringify(found));
  process.exit(0);
})().catch(error => { console.error(error); process.exit(1); });
