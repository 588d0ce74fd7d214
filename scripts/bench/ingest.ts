/** How fast it stores, beside the baselines, and how long one request waits. */
import { connections, type Bench } from "./bench.ts";
import { startHelper, type Helper } from "./helper.ts";
import type { Job, Load } from "./load.ts";
import { startProduct } from "./product.ts";
import { hasRecordedSessions } from "./sessions.ts";
import { formats, row, type Row } from "./table.ts";
import { range } from "./words.ts";

const { count, percent, times, ms } = formats;

const rate = ({ spansPerSecond }: Load) => `${count(spansPerSecond)} spans/s`;

export async function throughput(bench: Bench): Promise<Row[]> {
  const baselines = { floor: startHelper("baselines.ts"), plain: startHelper("baselines.ts") };
  const product = await startProduct("throughput");
  const rows: Row[] = [];
  try {
    const servers: { name: string; port: number; secret?: string }[] = [
      { name: "product", port: product.port, secret: product.key },
      { name: "floor", port: await baselines.floor.ask<number>("floor") },
      {
        name: "plain",
        port: await baselines.plain.ask<number>("plain", product.key),
        secret: product.key,
      },
    ];
    for (const [shape, title, ofFloor] of [
      ["agent", "POST of 7 spans", 0.2],
      ["bulk", "POST of 350 spans", 0.15],
    ] as const) {
      const rates: Record<string, number[]> = { product: [], floor: [], plain: [] };
      const loads: Load[] = [];
      for (const round of range(bench.rounds + 1)) {
        for (const { name, ...server } of servers) {
          // The first round warms up.
          const seconds = round === 0 ? 1 : bench.seconds;
          const load = await bench.load({ ...server, shapes: [shape], connections, seconds });
          bench.progress(`${title}, round ${round}: ${name} ${rate(load)}`);
          if (round === 0) continue;
          rates[name]!.push(load.spansPerSecond);
          if (name === "product") loads.push(load);
        }
      }
      const ratio = (to: string) => rates.product!.map((value, i) => value / rates[to]![i]!);
      rows.push(
        row(`${title}: stored spans/s, ${connections} connections`, rates.product!, count),
        row(`${title}: floor, spans/s`, rates.floor!, count),
        row(`${title}: plain, spans/s`, rates.plain!, count),
        row(`${title}: of floor`, ratio("floor"), percent, { atLeast: ofFloor }),
        row(`${title}: of plain`, ratio("plain"), times, { atLeast: 1.2 }),
      );
      if (shape === "agent") rows.push(...latencyRows(loads, connections));
    }
    const loads: Load[] = [];
    for (const round of range(Math.min(bench.rounds, 3))) {
      const { port, key: secret } = product;
      const job: Job = { port, secret, shapes: ["agent"], connections: 1, seconds: bench.seconds };
      loads.push(await bench.load(job));
      bench.progress(`1 connection, round ${round + 1}: p50 ${ms(loads.at(-1)!.p50)}`);
    }
    rows.push(...latencyRows(loads, 1));
  } finally {
    await product.stop();
    for (const helper of Object.values(baselines)) helper.stop();
  }
  return rows;
}

function latencyRows(loads: Load[], connections: number): Row[] {
  const what = `POST of 7 spans, ${connections} connection${connections > 1 ? "s" : ""}`;
  const p50s = loads.map(({ p50 }) => p50);
  const p99s = loads.map(({ p99 }) => p99);
  return [
    row(`${what}: p50`, p50s, ms, { below: 2 }),
    row(`${what}: p99`, p99s, ms, { below: 15 }),
  ];
}

export async function agentSessions(bench: Bench): Promise<Row[]> {
  const timed = { first: 0, count: bench.replicas };
  const warmUp = { first: bench.replicas, count: 3 };
  const bare: Helper = startHelper("baselines.ts");
  const rates = { product: [] as number[], bare: [] as number[] };
  const source = hasRecordedSessions ? "agent sessions" : "generated sessions";
  bench.progress(`${source}: making ${bench.replicas + 3} replicas`);

  async function store(): Promise<Load> {
    const product = await startProduct("sessions");
    const { port, key: secret } = product;
    await bench.load({ port, secret, replicas: warmUp, connections });
    const load = await bench.load({ port, secret, replicas: timed, connections });
    await product.stop();
    return load;
  }

  try {
    await bare.ask("bare", warmUp);
    for (const round of range(bench.rounds)) {
      const load = await store();
      rates.product.push(load.spansPerSecond);
      const loop = await bare.ask<{ spansPerSecond: number }>("bare", timed);
      rates.bare.push(loop.spansPerSecond);
      const mbPerSecond = load.bytes / load.seconds / 1e6;
      bench.progress(
        `${source}, round ${round + 1}: product ${rate(load)} (${count(mbPerSecond)} MB/s), bare loop ${count(loop.spansPerSecond)} spans/s`,
      );
    }
  } finally {
    bare.stop();
  }
  const ratio = rates.product.map((value, i) => value / rates.bare[i]!);
  return [
    row(`${source}: stored spans/s, ${connections} connections`, rates.product, count),
    row(`${source}: bare loop without HTTP, spans/s`, rates.bare, count),
    row(`${source}: of the bare loop`, ratio, times, { atLeast: 1.5 }),
  ];
}

export async function stalls(bench: Bench): Promise<Row[]> {
  const product = await startProduct("stalls");
  const { port, key: secret } = product;
  const { seconds } = bench;
  const big = { port, secret, connections: 1, shapes: ["many", "few"] } satisfies Partial<Job>;
  const health = { port, paths: ["/health"], connections: 1, seconds, pauseMs: 2 };
  const small: Job = { port, secret, shapes: ["agent"], connections: 1, seconds, pauseMs: 5 };
  const idle: Load[] = [];
  const healthBeside: Load[] = [];
  const smallBeside: Load[] = [];
  try {
    await bench.load({ ...small, seconds: 1, pauseMs: 0 });
    await bench.load({ ...big, requests: 2 });
    for (const round of range(Math.min(bench.rounds, 3))) {
      idle.push(await bench.load(small));
      const background = bench.backgroundLoad({ ...big, seconds: 2 * seconds + 0.5 });
      await Bun.sleep(200);
      healthBeside.push(await bench.load(health));
      smallBeside.push(await bench.load(small));
      const { bytes, seconds: took } = await background;
      bench.progress(
        `10 MiB bodies, round ${round + 1}: ${count(bytes / took / 1e6)} MB/s beside, p99 of small ones ${ms(smallBeside.at(-1)!.p99)}, idle ${ms(idle.at(-1)!.p99)}`,
      );
    }
  } finally {
    await product.stop();
  }
  const what = "beside 10 MiB bodies back to back";
  const p50s = (loads: Load[]) => loads.map(({ p50 }) => p50);
  const p99s = (loads: Load[]) => loads.map(({ p99 }) => p99);
  const ofIdle = smallBeside.map(({ p99 }, i) => p99 / idle[i]!.p99);
  return [
    row(`GET /health ${what}: p50`, p50s(healthBeside), ms),
    row(`GET /health ${what}: p99`, p99s(healthBeside), ms, { below: 20 }),
    row("POST of 7 spans every 5 ms: p99 idle", p99s(idle), ms),
    row(`POST of 7 spans ${what}: p50`, p50s(smallBeside), ms),
    row(`POST of 7 spans ${what}: p99`, p99s(smallBeside), ms),
    row(`POST of 7 spans ${what}: p99, of idle`, ofIdle, times, { below: 2 }),
  ];
}
