/**
 * Which span ran a tool call. Most senders write the call's id somewhere into the span; the rest leave the
 * name and the place: tools run below their call, or beside it until the next one starts.
 */
import type { Part } from "../messages/model.ts";

export type ToolCall = Extract<Part, { type: "toolCall" }>;

/** A model call or a tool, by what joins them. */
export interface Site {
  key: number;
  spanId: string;
  parentSpanId: string | null;
  spanType: string;
  name: string;
  startTime: number;
}

type IdsOf = (tool: Site) => string[];

export interface Joiner {
  /**
   * The spans that ran the tool calls of one answer, in their order; null where none is known to. To be
   * asked in the order in which the calls started: a span is given once.
   */
  spansOf(site: Site, calls: ToolCall[]): (Site | null)[];
}

/** Where a tool's span says which call it ran. */
export const idAttributes = [
  "gen_ai.tool.call.id",
  "gen_ai.tool.call_id",
  "ai.toolCall.id",
  "tool_call.id",
  "tool.call_id",
];

/**
 * @param sites the model calls and tools from the first call on, in the order of their start.
 * @param idsOf the ids of calls that a tool's span names.
 */
export function createJoiner(sites: readonly Site[], idsOf: IdsOf): Joiner {
  const tools = sites.filter(({ spanType }) => spanType === "tool");
  const models = sites.filter(({ spanType }) => spanType === "llm");
  const children = Map.groupBy(tools, ({ parentSpanId }) => parentSpanId);
  const modelsBelow = Map.groupBy(models, ({ parentSpanId }) => parentSpanId);
  const taken = new Set<Site>();
  let byId: Map<string, Site[]> | null = null;

  function withId(id: string): Site[] {
    if (!byId) {
      byId = new Map();
      for (const tool of tools) {
        for (const id of new Set(idsOf(tool))) {
          const found = byId.get(id);
          if (found) found.push(tool);
          else byId.set(id, [tool]);
        }
      }
    }
    return byId.get(id) ?? [];
  }

  function take(candidates: Site[], isMeant: (tool: Site) => boolean = () => true): Site | null {
    const found = candidates.find((tool) => !taken.has(tool) && isMeant(tool)) ?? null;
    if (found) taken.add(found);
    return found;
  }

  return {
    spansOf(site, calls) {
      const { parentSpanId, startTime } = site;
      const below = children.get(site.spanId) ?? [];
      const siblings = modelsBelow.get(parentSpanId) ?? [];
      const next = siblings[siblings.findIndex(({ key }) => key === site.key) + 1];
      const beside = (children.get(parentSpanId) ?? []).filter(
        (tool) => tool.startTime >= startTime && (!next || tool.startTime < next.startTime),
      );
      const near = [...below, ...beside];
      const nearness = (tool: Site) => (near.includes(tool) ? 0 : 1);
      const joined = calls.map(({ id }) => {
        if (id === null) return null;
        // Some senders count the ids of each answer from 0 on.
        const found = withId(id).filter((tool) => tool.startTime >= startTime);
        return take(found.sort((a, b) => nearness(a) - nearness(b)));
      });
      const join = (candidates: Site[], isMeant: (tool: Site, call: ToolCall) => boolean) =>
        calls.forEach((call, i) => {
          joined[i] ??= take(candidates, (tool) => isMeant(tool, call));
        });
      join(near, ({ name }, call) => name === call.name);
      // What runs below a call runs for it under whatever name, where as many are left as have no span.
      const left = below.filter((tool) => !taken.has(tool));
      if (left.length === joined.filter((found) => !found).length) join(left, () => true);
      return joined;
    },
  };
}
