import { describe, expect, test } from "bun:test";
import {
  problemOf,
  splitFreeText,
  tickedValues,
  toggleValue,
  withoutKey,
  wordsOf,
} from "../../../src/ui/query/words.ts";

describe("words of a filter", () => {
  test("are what the parser takes for words", () => {
    const words = wordsOf('status:error -agent:eval cost:>0.02 "two words" 12:30');
    expect(words.map(({ isNegated, key, value }) => [isNegated, key, value])).toEqual([
      [false, "status", "error"],
      [true, "agent", "eval"],
      [false, "cost", ">0.02"],
      [false, null, '"two words"'],
      [false, null, "12:30"],
    ]);
    expect(words.map(({ text }) => text).join(" ")).toBe(
      'status:error -agent:eval cost:>0.02 "two words" 12:30',
    );
  });

  test("know their values without quotes", () => {
    expect(wordsOf('model:"qwen3-coder:30b",gpt-4o')[0]!.values).toEqual([
      "qwen3-coder:30b",
      "gpt-4o",
    ]);
  });

  test("say what is wrong with them, and an open quote makes one of all", () => {
    expect(wordsOf("foo:bar status:ok").map(({ problem }) => problem?.message)).toEqual([
      "there is no key foo",
      undefined,
    ]);
    const [word, ...others] = wordsOf('status:ok "open');
    expect(others).toEqual([]);
    expect(word!.problem).toMatchObject({ message: "the quote is not closed", at: 10, length: 5 });
  });

  test("have no problem where there is none", () => {
    expect(problemOf("")).toBeNull();
    expect(problemOf("duration:>5s")).toBeNull();
    expect(problemOf("duration:long")).toMatchObject({ at: 9, length: 4 });
  });
});

describe("ticks", () => {
  test("come in, stand beside each other, and go", () => {
    let filter = toggleValue("cost:>1", "model", "gpt-4o");
    expect(filter).toBe("cost:>1 model:gpt-4o");
    filter = toggleValue(filter, "model", "qwen3-coder:30b");
    expect(filter).toBe('cost:>1 model:gpt-4o,"qwen3-coder:30b"');
    expect(tickedValues(filter, "model")).toEqual(["gpt-4o", "qwen3-coder:30b"]);
    filter = toggleValue(filter, "model", "gpt-4o");
    expect(filter).toBe('cost:>1 model:"qwen3-coder:30b"');
    expect(toggleValue(filter, "model", "qwen3-coder:30b")).toBe("cost:>1");
  });

  test("keep the word where it stood, and leave its negation alone", () => {
    expect(toggleValue("model:a -model:b status:ok", "model", "c")).toBe(
      "model:a,c -model:b status:ok",
    );
    expect(withoutKey("model:a -model:b status:ok", "model")).toBe("-model:b status:ok");
  });

  test("quote a name of the sender's where it has to be", () => {
    const filter = toggleValue("", "meta.my key", "a b");
    expect(filter).toBe('meta."my key":"a b"');
    expect(tickedValues(filter, "meta.my key")).toEqual(["a b"]);
    expect(problemOf(filter)).toBeNull();
  });
});

test("free text is what a search takes, the rest stays a filter", () => {
  expect(splitFreeText('overloaded status:error -slow "exact phrase"')).toEqual({
    text: 'overloaded "exact phrase"',
    rest: "status:error -slow",
  });
});
