// graphile-worker as its users run it. node graphile.js jobs|drain|schedule|late CONNECTION COUNT tuned|default
// One line of JSON: per_s, or p50_ms and p99_ms. Tuned: local queue of 500, 24 at once, completions in batches. Jobs do nothing.
const { run, makeWorkerUtils } = require('graphile-worker');
const { Pool } = require('pg');

const [mode, connectionString, countText, how] = process.argv.slice(2);
const count = Number(countText), tuned = how === 'tuned';
const payload = 'x'.repeat(100);
const BULK = 1000, HOUR = 3600000, LEAD = 6000;
const quiet = new (require('graphile-worker').Logger)(() => () => {});
const preset = {
  worker: {
    connectionString, pollInterval: tuned ? 10 : 2000, concurrentJobs: tuned ? 24 : 1, maxPoolSize: tuned ? 26 : 10,
    ...(tuned ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}),
  },
};

const seconds = since => Number(process.hrtime.bigint() - since) / 1e9;
const percentile = (values, part) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

async function fill(utils, runAt) {
  for (let first = 0; first < count; first += BULK)
    await utils.addJobs(Array.from({ length: Math.min(BULK, count - first) }, (_, i) =>
      ({ identifier: 'job', payload: { payload, number: first + i }, runAt })));
}

async function handled(pool, each) {
  let done = 0, first, resolve;
  const all = new Promise(r => { resolve = r; });
  const runner = await run({ preset, logger: quiet, noHandleSignals: true, taskList: { job: () => {
    first = first || process.hrtime.bigint();
    each();
    if (++done === count) resolve();
  } } });
  await all;
  const took = seconds(first);
  return { runner, took };
}

const modes = {
  async jobs(utils, pool) {
    const begun = process.hrtime.bigint(), all = handled(pool, () => {});
    await fill(utils);
    const { runner } = await all;
    return [runner, { per_s: count / seconds(begun) }];
  },
  async drain(utils, pool) {
    await fill(utils);
    await pool.query('vacuum analyze');
    const { runner, took } = await handled(pool, () => {});
    return [runner, { per_s: count / took }];
  },
  async schedule(utils) {
    const begun = process.hrtime.bigint();
    await fill(utils, new Date(Date.now() + HOUR));
    return [null, { per_s: count / seconds(begun) }];
  },
  async late(utils, pool) {
    const due = Date.now() + LEAD, late = [];
    await fill(utils, new Date(due));
    const { runner } = await handled(pool, () => late.push(Date.now() - due));
    return [runner, { p50_ms: percentile(late, 0.5), p99_ms: percentile(late, 0.99) }];
  },
};

(async () => {
  const utils = await makeWorkerUtils({ connectionString, logger: quiet });
  await utils.migrate();
  const pool = new Pool({ connectionString });
  await pool.query('truncate graphile_worker._private_jobs');
  const [runner, found] = await modes[mode](utils, pool);
  if (runner) await runner.stop();
  console.log(JSON.stringify(found));
  process.exit(0);
})().catch(error => { console.error(error); process.exit(1); });
