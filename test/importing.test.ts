import { describe, expect, test } from "bun:test";
import { linesOf, sendLines, untilThereIsRoom, type Line } from "../src/importing.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesIn(text: string, size: number, mostBytes?: number): Promise<Line[]> {
  return Array.fromAsync(linesOf(inPieces(Buffer.from(text), size), mostBytes));
}

describe("the lines of a file", () => {
  const text = "a\u2028b ü\n\n\u{1F600}\r\nlast";

  test.each([1, 2, 3, 5, 100])(
    "are taken apart at line feeds alone, in pieces of %i bytes",
    async (size) => {
      const lines = await linesIn(text, size);
      expect(lines.map(({ number, text }) => [number, text])).toEqual([
        [1, "a\u2028b ü"],
        [2, ""],
        [3, "\u{1F600}\r"],
        [4, "last"],
      ]);
    },
  );

  test("say where they stand in the file", async () => {
    const bytes = Buffer.from(text);
    for (const line of await linesIn(text, 3))
      expect(bytes.subarray(line.start, line.end).toString()).toBe(line.text!);
  });

  test("have no text where they are longer than what is read, and go on behind", async () => {
    const lines = await linesIn(`${"x".repeat(50)}\nshort\n${"y".repeat(50)}`, 7, 10);
    expect(lines).toEqual([
      { number: 1, text: null, start: 0, end: 50 },
      { number: 2, text: "short", start: 51, end: 56 },
      { number: 3, text: null, start: 57, end: 107 },
    ]);
  });

  test("are sent some at one time, the empty ones not, and a failure ends it", async () => {
    let [underWay, most] = [0, 0];
    const sent: number[] = [];
    const send = async ({ number }: Line) => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      sent.push(number);
      if (number === 30) throw new Error("line 30");
    };
    const lines = Array.from({ length: 99 }, (_, i) => (i === 2 ? " " : "x")).join("\n");
    await expect(sendLines(linesOf(inPieces(Buffer.from(lines), 8)), send)).rejects.toThrow(
      "line 30",
    );
    expect(most).toBeLessThanOrEqual(8);
    expect(sent).not.toContain(3);
    expect(sent.length).toBeLessThan(45);
  });
});

test("a server without room is asked again when it said, any other failure is the caller's", async () => {
  let asked = 0;
  const ask = async () => {
    if (++asked < 3) throw { code: "buffer_full", retryAfterSeconds: 0.001 };
    return "stored";
  };
  expect(await untilThereIsRoom(ask)).toBe("stored");
  const failing = async () => {
    throw { code: "storage_unavailable" };
  };
  await expect(untilThereIsRoom(failing)).rejects.toEqual({ code: "storage_unavailable" });
});
