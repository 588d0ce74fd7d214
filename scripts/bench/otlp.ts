/** How fast it stores OTLP, beside the same calls as ingest v1. */
import { connections, type Bench } from "./bench.ts";
import { startProduct } from "./product.ts";
import { formats, row, type Row } from "./table.ts";
import { range } from "./words.ts";

const { count, percent } = formats;

const shapes = ["nativeCalls", "protobufCalls", "jsonCalls"] as const;

export async function otlp(bench: Bench): Promise<Row[]> {
  const rates: Record<(typeof shapes)[number], number[]> = {
    nativeCalls: [],
    protobufCalls: [],
    jsonCalls: [],
  };
  for (const round of range(bench.rounds + 1)) {
    for (const shape of shapes) {
      // A store of its own for each: the one that comes later would write into the larger file.
      const product = await startProduct("OTLP");
      const { port, key: secret } = product;
      try {
        const job = { port, secret, shapes: [shape], connections };
        await bench.load({ ...job, seconds: 1 });
        const load = await bench.load({ ...job, seconds: bench.seconds });
        bench.progress(`${shape}, round ${round}: ${count(load.spansPerSecond)} spans/s`);
        // The first round warms up the machine.
        if (round > 0) rates[shape].push(load.spansPerSecond);
      } finally {
        await product.stop();
      }
    }
  }
  const ofNative = (shape: (typeof shapes)[number]) =>
    rates[shape].map((rate, i) => rate / rates.nativeCalls[i]!);
  const what = "1,000 calls of 2 KB a request";
  return [
    row(`${what}, ingest v1: stored spans/s`, rates.nativeCalls, count),
    row(`${what}, OTLP protobuf: of ingest v1`, ofNative("protobufCalls"), percent, {
      atLeast: 0.7,
    }),
    row(`${what}, OTLP JSON: of ingest v1`, ofNative("jsonCalls"), percent, { atLeast: 0.7 }),
  ];
}
