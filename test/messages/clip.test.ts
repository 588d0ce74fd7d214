/** What is long is shortened, and says so. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createClipper } from "../../src/messages/clip.ts";
import type { Part } from "../../src/messages/model.ts";

const limits = { whole: 100, part: 30, least: 5 };
const text = (text: string) => ({ type: "text" as const, text });

test("a part is clipped at its limit, never within a character, and says how long it is", () => {
  const clip = (sent: string): Part => createClipper(limits).part(text(sent));
  expect(clip("a".repeat(30))).toEqual(text("a".repeat(30)));
  expect(clip("a".repeat(31))).toEqual({ ...text("a".repeat(30)), fullLength: 31 });
  expect(clip(`${"a".repeat(29)}😀b`)).toEqual({ ...text("a".repeat(29)), fullLength: 32 });
});

test("all parts together stay near their limit, and each shows its beginning", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 60 })), (texts) => {
      const clipper = createClipper(limits);
      const { parts } = clipper.message({ role: "user", parts: texts.map(text) });
      const lengths = parts.map((part) => (part as { text: string }).text.length);
      const sum = lengths.reduce((sum, length) => sum + length, 0);
      expect(sum).toBeLessThanOrEqual(limits.whole + limits.least * texts.length);
      expect(clipper.left).toBe(Math.max(0, limits.whole - sum));
      for (const [i, part] of parts.entries()) {
        const { text: shown, fullLength } = part as { text: string; fullLength?: number };
        expect(texts[i]!.startsWith(shown)).toBe(true);
        expect(fullLength).toBe(shown === texts[i] ? undefined : texts[i]!.length);
        expect(lengths[i]).toBeGreaterThanOrEqual(Math.min(texts[i]!.length, limits.least - 1));
      }
    }),
  );
});

test("media are left as they are", () => {
  const media: Part = {
    type: "media",
    kind: "image",
    mime: null,
    name: null,
    bytes: 10_000_000,
    at: "inline",
    reference: null,
  };
  expect(createClipper(limits).part(media)).toBe(media);
});
