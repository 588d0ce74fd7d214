import { expect, test } from "bun:test";
import { textFrom } from "../../../src/ui/data/client.ts";

const answer = (bytes: BodyInit, type: string) =>
  new Response(bytes, { headers: { "content-type": type } });

test("a text is read in the encoding that the answer names", async () => {
  const utf8 = answer("größer 😀", "text/plain; charset=utf-8");
  expect(await textFrom(utf8)).toBe("größer 😀");
  expect(await textFrom(answer('{"a":1}', "application/json"))).toBe('{"a":1}');
});

test("pieces that are cut within a character make the text again", async () => {
  const whole = `${"a".repeat(9_999)}😀 behind it`;
  const pieces = [whole.slice(0, 10_000), whole.slice(10_000)].map((piece) =>
    textFrom(answer(Buffer.from(piece, "utf16le"), "text/plain; charset=utf-16le")),
  );
  expect((await Promise.all(pieces)).join("")).toBe(whole);
});
