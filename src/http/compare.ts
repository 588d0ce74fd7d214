/** Two traces side by side, and pairs of their spans. */
import { Type } from "@sinclair/typebox";
import type { TraceRef } from "../backend/traces.ts";
import { ComparedPair } from "../query/comparepair.ts";
import { Comparable, Comparison } from "../query/comparison.ts";
import { DiffUnit } from "../query/textdiff.ts";
import { parseSpanRef, parseTraceRef, segmentNamed } from "./params.ts";
import { projectIdOf, traceRefOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;
const Trace = Type.String({ description: "A trace, by its id or as ~key" });
const Span = Type.String({ description: "A span of it, likewise" });
const Project = optional(
  Type.String({ description: "Needed where several projects have a trace of this id" }),
);

const CompareQuery = closed({ a: Trace, b: Trace, projectA: Project, projectB: Project });
const PairQuery = closed({ ...CompareQuery.properties, spanA: Span, spanB: Span, unit: DiffUnit });

export function compareRoutes(deps: ReadDeps) {
  const { reader, keyring } = deps;
  const refOf = (name: string, project: string | undefined): TraceRef =>
    parseTraceRef(segmentNamed(name), projectIdOf(project, keyring));
  const spanOf = (name: string) => parseSpanRef(segmentNamed(name));
  return [
    route({
      method: "GET",
      path: "/api/compare",
      summary: "Two traces side by side: their steps aligned, and what of their totals differs",
      query: CompareQuery,
      answer: Comparison,
      handle: ({ query: { a, b, projectA, projectB } }) =>
        reader.call("comparison", [refOf(a, projectA), refOf(b, projectB)]),
    }),
    route({
      method: "GET",
      path: "/api/compare/pair",
      summary: "Two spans side by side: what of their texts differs",
      query: PairQuery,
      answer: ComparedPair,
      handle: ({ query: { a, b, projectA, projectB, spanA, spanB, unit } }) =>
        reader.call("comparedPair", [
          { trace: refOf(a, projectA), span: spanOf(spanA) },
          { trace: refOf(b, projectB), span: spanOf(spanB) },
          unit,
        ]),
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/comparable",
      summary: "What a trace may be compared with: the one before it, and the last good one",
      query: closed({ project: Project }),
      answer: Comparable,
      handle: ({ request, query }) =>
        reader.call("comparable", [traceRefOf(request, query.project, deps)]),
    }),
  ];
}
