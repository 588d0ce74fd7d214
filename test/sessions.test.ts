import { expect, test } from "bun:test";
import { readAgentSessions, readCaptures, startServer } from "./helpers.ts";

interface Sent {
  traceId: string;
  spans: { spanId: string }[];
}

const sessions = readAgentSessions();

test.skipIf(!sessions)(
  "real agent sessions, sent three times and shuffled, come back field by field",
  async () => {
    await using server = await startServer();
    const lines = sessions!;
    for (let round = 0; round < 3; round++) {
      const order = lines
        .map((line) => ({ line, at: Bun.hash(`${round}${line}`) }))
        .sort((a, b) => (a.at < b.at ? -1 : 1));
      const answers = await Promise.all(order.map(({ line }) => server.ingest(line)));
      expect(answers.every(({ status }) => status === 202)).toBe(true);
    }
    const sent = new Map<string, Map<string, unknown>>();
    for (const line of lines) {
      for (const { traceId, spans, ...header } of (JSON.parse(line) as { traces: Sent[] }).traces) {
        const ofTrace = sent.get(traceId) ?? new Map();
        sent.set(traceId, ofTrace);
        for (const span of spans) ofTrace.set(span.spanId, { header, span });
      }
    }
    for (const [traceId, spans] of sent) {
      const exported = (await (await server.api(`/api/traces/${traceId}/export`)).json()) as {
        traces: Sent[];
      };
      const got = new Map<string, unknown>(
        exported.traces.flatMap(({ traceId: _, spans, ...header }) =>
          spans.map((span) => [span.spanId, { header, span }] as const),
        ),
      );
      expect(got).toEqual(spans);
    }
    const status = (await (await server.api("/api/status")).json()) as {
      traceCount: number;
      spanCount: number;
    };
    expect(status).toMatchObject({ traceCount: sent.size, spanCount: lines.length });
    expect(server.bugs).toEqual([]);
  },
);

const captures = readCaptures();

test.skipIf(!captures)(
  "requests of the reference's client library get the answers they expect",
  async () => {
    await using server = await startServer();
    for (const { requests } of captures!) {
      for (const { body, expect: expected } of requests) {
        const response = await server.ingest(body);
        expect(response.status).toBe(expected.status);
        expect(await response.json()).toEqual({ accepted: expected.accepted });
      }
    }
  },
);
