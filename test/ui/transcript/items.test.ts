import { describe, expect, test } from "bun:test";
import type { TranscriptEntry } from "../../../src/query/transcript.ts";
import { diffHistories } from "../../../src/ui/transcript/history-diff.ts";
import { foldTools, splitNewInput, toTranscript } from "../../../src/ui/transcript/items.ts";

const said = (role: string, text: string) => ({
  role,
  parts: [{ type: "text" as const, text }],
});

function entryOf(key: number, given: Partial<TranscriptEntry> = {}): TranscriptEntry {
  return {
    key,
    spanId: `s${key}`,
    parentSpanId: null,
    spanType: "llm",
    name: "chat",
    modelId: "m",
    startTime: key,
    endTime: key + 1,
    status: "ok",
    errorMessage: null,
    earlier: null,
    isEdited: false,
    input: [],
    output: [],
    calls: [],
    ...given,
  };
}

const call = (id: string | null, spanKey: number | null) => ({
  id,
  name: "bash",
  span: spanKey === null ? null : { key: spanKey, spanId: `s${spanKey}` },
  result: { type: "toolResult" as const, id, name: "bash", text: "done", isError: false },
});

/** @param agents whose keys stand above a span's. */
function read(
  entries: TranscriptEntry[],
  agents: Record<number, number[]> = {},
  closed: number[] = [],
) {
  const transcript = toTranscript(
    entries,
    ({ key }) => agents[key] ?? [],
    (agent) => closed.includes(agent),
  );
  const lines = transcript.items.map((item) =>
    item.type === "step" ? `${item.type} ${item.number}` : `${item.type} ${item.key}`,
  );
  return { ...transcript, lines };
}

describe("toTranscript", () => {
  test("a tool stands with the call that asked for it, and is found there", () => {
    const { lines, placeOf } = read([
      entryOf(1, { spanType: "agent" }),
      entryOf(2, { calls: [call("a", 3)] }),
      entryOf(3, { spanType: "tool" }),
      entryOf(4),
    ]);
    expect(lines).toEqual(["step 1", "step 2"]);
    expect([1, 2, 3, 4].map((key) => placeOf.get(key))).toEqual([undefined, 0, 0, 1]);
  });

  test("tools that nobody asked for keep their place, side by side", () => {
    const { items } = read([
      entryOf(1),
      entryOf(2, { spanType: "tool" }),
      entryOf(3, { spanType: "tool" }),
      entryOf(4),
    ]);
    expect(items.map((item) => (item.type === "tools" ? item.entries.length : item.type))).toEqual([
      "step",
      2,
      "step",
    ]);
  });

  test("two sub-agents that run beside each other are told one after the other", () => {
    const entries = [
      entryOf(1, { spanType: "agent" }),
      entryOf(2),
      entryOf(3, { spanType: "agent" }),
      entryOf(4, { spanType: "agent" }),
      entryOf(5),
      entryOf(6),
      entryOf(7),
      entryOf(8),
    ];
    const agents = { 2: [1], 3: [1], 4: [1], 5: [1, 3], 6: [1, 4], 7: [1, 3], 8: [1] };
    const { lines, items } = read(entries, agents);
    expect(lines).toEqual([
      "step 1",
      "group 3",
      "step 1.1",
      "step 1.2",
      "group 4",
      "step 1.1",
      "step 2",
    ]);
    expect(items.map(({ level }) => level)).toEqual([0, 0, 1, 1, 0, 1, 0]);
  });

  test("what is folded is found at its agent", () => {
    const entries = [
      entryOf(1, { spanType: "agent" }),
      entryOf(2),
      entryOf(3, { spanType: "agent" }),
      entryOf(4, { calls: [call("a", 5)] }),
      entryOf(5, { spanType: "tool" }),
      entryOf(6),
    ];
    const agents = { 2: [1], 3: [1], 4: [1, 3], 5: [1, 3], 6: [1] };
    const { lines, placeOf } = read(entries, agents, [3]);
    expect(lines).toEqual(["step 1", "group 3", "step 2"]);
    expect([4, 5].map((key) => placeOf.get(key))).toEqual([1, 1]);
  });

  test("what an agent was told to be stands before its work, and folds with it", () => {
    const rules = (key: number) =>
      entryOf(key, { spanType: "agent", input: [said("system", "Be brief.")], status: "error" });
    const entries = [rules(1), entryOf(2), rules(3), entryOf(4)];
    const agents = { 2: [1], 3: [1], 4: [1, 3] };
    const open = read(entries, agents);
    expect(open.lines).toEqual(["rules 1", "step 1", "group 3", "rules 3", "step 1.1", "agent 1"]);
    expect(open.items.at(-1)).toMatchObject({ entry: { key: 1, input: [] } });
    expect(read(entries, agents, [3]).lines).toEqual(["rules 1", "step 1", "group 3", "agent 1"]);
  });

  test("an agent that has nothing below it speaks for itself; a failed one is told of at the end", () => {
    expect(
      read([entryOf(1, { spanType: "agent", output: [said("assistant", "hi")] })]).lines,
    ).toEqual(["agent 1"]);
    expect(read([entryOf(1, { spanType: "agent", status: "error" }), entryOf(2)]).lines).toEqual([
      "step 1",
      "agent 1",
    ]);
  });

  test("counts what a call had of before, as long as that is known", () => {
    const { items } = read([
      entryOf(1, { input: [said("user", "a")], output: [said("assistant", "b")] }),
      entryOf(2, {
        earlier: { key: 1, spanId: "s1" },
        input: [said("user", "c")],
        output: [said("assistant", "d")],
      }),
      entryOf(3, { earlier: { key: 2, spanId: "s2" } }),
      entryOf(4, { earlier: { key: 3, spanId: "s3" }, isEdited: true }),
      entryOf(5, { earlier: { key: 4, spanId: "s4" } }),
    ]);
    const counts = items.map((item) => (item.type === "step" ? item.earlierCount : undefined));
    expect(counts).toEqual([0, 2, 4, null, null]);
  });
});

describe("splitNewInput", () => {
  const result = { type: "toolResult" as const, id: "a", name: null, text: "x", isError: false };

  test("results that stand with their calls are not told again", () => {
    const entry = entryOf(1, {
      input: [{ role: "tool", parts: [result] }, said("user", "go on")],
    });
    expect(splitNewInput(entry, new Set(["a"])).news.messages).toEqual([said("user", "go on")]);
    expect(splitNewInput(entry, new Set()).news.messages).toHaveLength(2);
  });

  test("calls that an earlier answer has stand there alone, others with what came of them", () => {
    const told = (id: string) => ({ type: "toolCall" as const, id, name: "bash", text: "{}" });
    const entry = entryOf(1, {
      input: [
        { role: "assistant", parts: [told("a"), told("b")] },
        { role: "tool", parts: [result, { ...result, id: "b" }] },
      ],
    });
    const { messages, results } = splitNewInput(entry, new Set(["a"])).news;
    expect(messages).toEqual([{ role: "assistant", parts: [told("b")] }]);
    expect(results.get("b")?.text).toBe("x");
  });

  test("of a changed history only what follows the last answer is new", () => {
    const entry = entryOf(1, {
      isEdited: true,
      input: [said("user", "short"), said("assistant", "b"), said("user", "c")],
    });
    const { again, news } = splitNewInput(entry, new Set());
    expect([again.length, news.messages]).toEqual([2, [said("user", "c")]]);
  });
});

test("tools that are alike are folded, failures never", () => {
  const tool = (key: number, name: string, status: "ok" | "error" = "ok") =>
    entryOf(key, { spanType: "tool", name, status });
  const runs = foldTools([
    tool(1, "grep"),
    tool(2, "grep"),
    tool(3, "grep"),
    tool(4, "grep", "error"),
    tool(5, "ls"),
    tool(6, "ls"),
  ]);
  expect(runs.map((run) => run.length)).toEqual([3, 1, 1, 1]);
});

describe("diffHistories", () => {
  test("names the message that was shortened", () => {
    const before = [said("system", "s"), said("user", "a long text"), said("assistant", "b")];
    const after = [
      said("system", "s"),
      said("user", "a"),
      said("assistant", "b"),
      said("user", "c"),
    ];
    expect(diffHistories(before, after)).toEqual({
      from: 1,
      messages: 1,
      before: "user\na long text",
      after: "user\na",
      delta: -10,
    });
  });

  test("of a history that was cut shows what is gone", () => {
    const before = [said("user", "a"), said("assistant", "b"), said("user", "c")];
    const { from, messages, after } = diffHistories(before, [said("user", "c"), said("user", "d")]);
    expect([from, messages, after]).toEqual([0, 2, ""]);
  });
});
