/**
 * Clients of a process of their own that each read one path after the other, whatever the form of the
 * answer, for some time.
 */
import { serveHelper } from "./helper.ts";
import { range } from "./words.ts";

export interface Clients {
  port: number;
  secret: string;
  paths: string[];
  clients: number;
  seconds: number;
}

/** @returns how many answers came, and their bytes. @throws where one is not 200. */
async function run({ port, secret, paths, clients, seconds }: Clients) {
  const headers = { authorization: `Bearer ${secret}` };
  const endsAt = performance.now() + seconds * 1000;
  let next = 0;
  let bytes = 0;
  let answers = 0;
  const one = async () => {
    while (performance.now() < endsAt) {
      const path = paths[next++ % paths.length]!;
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
      for await (const chunk of response.body!) bytes += chunk.byteLength;
      answers++;
    }
  };
  await Promise.all(range(clients).map(one));
  return { answers, bytes };
}

serveHelper({ run });
