/** What became of a text, shown as lines that went and came. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { renderToStaticMarkup } from "react-dom/server";
import { Diff } from "../../../src/ui/text/diff.tsx";

const htmlOf = (before: string, after: string) =>
  renderToStaticMarkup(<Diff before={before} after={after} />);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}\n`);

/** The lines with one of these classes, as text. */
function linesOf(html: string, ...classes: string[]): string[] {
  const document = html.matchAll(
    /<span class="(text-\w+)">((?:<(span|b)>[^<]*<\/\3>|[^<])*)<\/span>/g,
  );
  return [...document]
    .filter(([, name]) => classes.includes(name!))
    .map(([, , inside]) => inside!.replaceAll(/<[^>]*>/g, ""));
}

test("lines that went and came are told apart from those that stayed", () => {
  const html = htmlOf("a\nb\nc\n", "a\nc\nd\ne\n");
  expect(linesOf(html, "text-same")).toEqual(["a", "c"]);
  expect(linesOf(html, "text-removed")).toEqual(["b"]);
  expect(linesOf(html, "text-added")).toEqual(["d", "e"]);
});

test("in a line that changed the words that did stand out", () => {
  const html = htmlOf("the quick fox\n", "the slow fox\n");
  expect(html).toContain("<b>quick</b>");
  expect(html).toContain("<b>slow</b>");
});

test("far from a change lines are counted, not shown", () => {
  const lines = numbers(100);
  const html = htmlOf(lines.join(""), lines.with(50, "changed\n").join(""));
  expect(linesOf(html, "text-same")).toEqual(
    ["47", "48", "49", "51", "52", "53"].map((n) => `line ${n}`),
  );
  expect(html).toContain("47 unchanged lines");
  expect(html).toContain("46 unchanged lines");
});

test("nothing of either text is hidden or runs", () => {
  const html = htmlOf("a\n<img src=x onerror=alert(1)>\nb\n", "a\n\u202e<script>\nc\nd\n");
  expect(html).not.toMatch(/<img|<script|\u202e/);
  expect(html).toContain("\\u202e");
});

test("what changed too much is one text for another, and a long one is compared by its beginning", () => {
  const before = Array.from({ length: 40_000 }, (_, i) => `${i * 7}\n`).join("");
  const after = Array.from({ length: 40_000 }, (_, i) => `${i * 11} \u202e\n`).join("");
  const startedAt = performance.now();
  const html = htmlOf(before, after);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(linesOf(html, "text-removed")[0]).toBe("0");
  expect(html).toContain("The first 100,000 characters are compared.");
  expect(html).not.toContain("\u202e");
});

test("without what went it is the new text, without what came the old one", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c d", "c e", "{", "x".repeat(50)), { maxLength: 12 })
    .map((lines) => lines.map((line) => `${line}\n`).join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== "" && after !== "" && before !== after);
      const html = htmlOf(`${before}same\n`, `${after}same\n`);
      fc.pre(!html.includes("unchanged line"));
      expect(linesOf(html, "text-same", "text-removed").join("\n")).toBe(`${before}same`);
      expect(linesOf(html, "text-same", "text-added").join("\n")).toBe(`${after}same`);
    }),
  );
});
