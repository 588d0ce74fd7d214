/** A store under test and the model, which take the same steps and are asked the same. */
import { expect } from "bun:test";
import type { Batch } from "../../../src/backend/batch.ts";
import type { SpanRecord, WholeSpan } from "../../../src/backend/spans.ts";
import type { TraceRecord } from "../../../src/backend/traces.ts";
import { payloadFields } from "../../../src/contract/fields.ts";
import { toBatches, type Step } from "./arbitrary.ts";
import { spanFields, type Bench } from "./bench.ts";

/** A trace in words that mean the same in both. */
export const idOf = ({ summary }: Pick<TraceRecord, "summary">) =>
  `${summary.project}/${summary.traceId}`;

export class Pair {
  readonly bench: Bench;
  readonly model: Bench;
  readonly #sent: Batch[][] = [];

  /** @param bench without traces, as the model. */
  constructor(bench: Bench, model: Bench) {
    this.bench = bench;
    this.model = model;
    for (const each of this.both) {
      each.prices.pico = { m1: 5n, big: 2n ** 60n };
      each.nowMs = 1_000_000;
      const { projects } = each.writer.accounts();
      if (!projects.some(({ name }) => name === "other")) each.writer.createProject("other");
    }
  }

  get both(): Bench[] {
    return [this.bench, this.model];
  }

  /** The id of the project that a step calls 1 or 2. */
  #projectId(bench: Bench, number: number | undefined): number | undefined {
    if (number === undefined) return undefined;
    const name = number === 1 ? "default" : "other";
    return bench.writer.accounts().projects.find((project) => project.name === name)!.id;
  }

  /** The same query for both, whose projects have other ids. */
  scoped<Q extends { projectId?: number | undefined }>(bench: Bench, query: Q): Q {
    return { ...query, projectId: this.#projectId(bench, query.projectId) };
  }

  /** @returns the traces that it changes, by their ids. */
  async run(step: Step): Promise<string[]> {
    for (const bench of this.both) bench.nowMs += 10_000;
    if (step.do === "send") return this.#send(toBatches(step, this.model.nowMs));
    if (step.do === "again") {
      const batches = this.#sent[step.index];
      return batches ? this.#send(batches) : [];
    }
    if (step.do === "settle") await this.bench.settle();
    else if (step.do === "reopen") this.bench.reopen();
    else if (step.do === "reprice") {
      for (const bench of this.both) {
        bench.prices.pico.m1 = BigInt(step.pico);
        const work = { isMeant: () => true, isDry: false, onStep() {} };
        await bench.end(bench.writer.reprice({}, work));
      }
      return this.model.list().map(idOf);
    } else if (step.do === "pin" || step.do === "delete") {
      const target = this.model.list().map(idOf).sort()[step.index];
      if (target === undefined) return [];
      for (const bench of this.both) {
        const { key, summary } = bench.list().find((trace) => idOf(trace) === target)!;
        if (step.do === "pin") bench.writer.pin(key, !summary.pinned);
        else bench.writer.deleteTrace(key);
      }
      return [target];
    }
    return [];
  }

  async #send(batches: Batch[]): Promise<string[]> {
    this.#sent.push(batches);
    const [fresh, wanted] = await Promise.all(
      this.both.map((bench) =>
        bench.send(...batches.map((batch) => this.scoped(bench, batch) as Batch)),
      ),
    );
    expect(fresh).toEqual(wanted!);
    return batches.flatMap(({ projectId, traces }) =>
      traces.map(({ traceId }) => `${projectId === 1 ? "default" : "other"}/${traceId}`),
    );
  }

  /** All that is stored, as both say it. */
  check(): void {
    expect(all(this.bench)).toEqual(all(this.model));
  }
}

/** All traces and spans, by the ids of their senders; of each trace in the order in which they came. */
export function all(bench: Bench) {
  const traces = bench.list();
  return bench.read((reader) => {
    const found = traces.map((trace) => {
      const { key: traceKey } = trace;
      const spans = [...reader.spans({ traceKey }, spanFields)];
      const idOfSpan = (key: number | null) =>
        key === null ? null : spans.find((span) => span.key === key)!.spanId;
      const attributes = reader.traceAttributes(traceKey);
      return [
        idOf(trace),
        {
          ...plainTrace(trace),
          attributes: attributes === null ? null : JSON.parse(attributes),
          prompt: reader.promptOf(trace),
          spans: spans.map(({ key: _, texts, repeats, shownBy, ...span }: SpanRecord) => ({
            ...span,
            repeats: idOfSpan(repeats),
            shownBy: idOfSpan(shownBy),
            texts: payloadFields.map((field) => reader.textOf(texts, field)),
          })),
          whole: [...reader.wholeSpans(traceKey, null, 100)].map(
            ({ key: _, ...whole }: WholeSpan) => whole,
          ),
        },
      ] as const;
    });
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Without what each store numbers by itself. */
export function plainTrace({ summary, metadata, cost }: TraceRecord) {
  const { key: _, ...said } = summary;
  return { ...said, metadata, cost };
}
