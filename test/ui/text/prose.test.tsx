/** Whatever a model wrote is shown as text and a few elements, and nothing of it ever runs or is fetched. */
import { expect, test } from "bun:test";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import fc from "fast-check";
import { marked, type Token, type Tokens } from "marked";
import { renderToStaticMarkup } from "react-dom/server";
import { markdownOf, partsOf } from "../../../src/ui/text/markdown.ts";
import { Prose } from "../../../src/ui/text/prose.tsx";

const client = new QueryClient();
const htmlOf = (text: string) =>
  renderToStaticMarkup(
    <QueryClientProvider client={client}>
      <Prose text={text} />
    </QueryClientProvider>,
  );

test.each([
  ["a **bold** word", "<strong>bold</strong>"],
  ["- one\n- two", "<li>one</li>"],
  ["1. one\n\n2. two", "<ol"],
  ["`code`", "<code>code</code>"],
  ["| a | b |\n|---|---|\n| 1 | 2 |", "<td>1</td>"],
  ["above\n\n----------------------------------------\n\nbelow **it**", "<strong>it</strong>"],
  ["above\n\n- - - - - - - - - - - - - - - -\n\nbelow", "<hr/>"],
  ["Steps:\n1. one\n\n    more of **it**\n2. two", "more of <strong>it</strong>"],
  ["- one\n\n- two\n", "<li><p>one</p></li><li><p>two</p></li></ul>"],
  ["[far][1]\n\nbetween\n\n[1]: https://example.com/far", 'href="https://example.com/far"'],
  ["````md\n```js\na\n```\n\n**b**\n````", "```\n\n**b**"],
  ["```md\n```js\n\n**a**\n```\n**b**", "<strong>b</strong>"],
  ["a & b &#65; &amp;", "a &amp; b &amp;#65; &amp;amp;"],
  ["# A heading", '<p class="text-heading is-level-1">'],
  ["[fine](https://example.com/a)", 'href="https://example.com/a"'],
  ["<b>no element</b>", "&lt;b&gt;no element&lt;/b&gt;"],
  ["![it](https://example.com/pixel.png)", "example.com"],
])("%j becomes %j", (text, html) => {
  expect(htmlOf(text)).toContain(html);
});

test("a link says where it leads, and tells nobody where from", () => {
  expect(htmlOf("[fine](https://example.com)")).toContain('rel="noopener noreferrer"');
});

test.each(["javascript:alert(1)", "data:text/html,<b>", "vbscript:x", "file:///etc/passwd"])(
  "a link to %s stays text",
  (href) => {
    expect(htmlOf(`[click](${href})`)).not.toContain("<a");
  },
);

const fragments = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "![p](https://evil.example/p.png)",
  "![p](data:image/svg+xml,<svg/onload=alert(1)>)",
  "[c](javascript:alert(1))",
  "[c](JaVaScRiPt:alert(1))",
  "[c](  javascript:alert(1))",
  "<javascript:alert(1)>",
  "<https://evil.example/>",
  "[a]: javascript:alert(1)\n",
  "[a]",
  "https://evil.example/?a=<b>",
  '"><iframe src=//evil.example>',
  "```html\n",
  "```\n",
  "> ",
  "- ",
  "1. ",
  "\n\n",
  "\n",
  "| a | b |\n|---|---|\n",
  "**",
  "_",
  "`",
  "\u202e",
  "\u0000",
  "&#106;avascript:",
  "&#8238;",
  "&#x200b;",
  "![&#8238;](data:a)",
  "[&#8238;](https://evil.example)",
  "\\",
];

test("no text makes an element that runs, loads or leads anywhere but the web", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 40 }), (parts) => {
      const html = htmlOf(parts.join(""));
      const tags = html.match(/<[a-z][^>]*>/g) ?? [];
      for (const tag of tags) {
        expect(tag).not.toMatch(/^<(script|img|svg|iframe|object|embed|style|link|form)\b/);
        expect(tag.replace(/="[^"]*"/g, "")).not.toMatch(/ on\w+/);
        const href = /href="([^"]*)"/.exec(tag)?.[1];
        if (href !== undefined) {
          expect(href).toMatch(/^(https?:|mailto:)/);
          expect(tag).toContain('rel="noopener noreferrer"');
        }
      }
      expect(html).not.toMatch(/[\u0000\u200b\u202e]/);
    }),
  );
});

test("what is too deep is plain, and what stands beside it is not", () => {
  for (const deep of [">".repeat(100), `${"- ".repeat(100)}x`, "1. ".repeat(50)]) {
    const html = htmlOf(`**before**\n\n${deep}\n\n**behind**`);
    expect(html).toContain("<strong>before</strong>");
    expect(html).toContain("<strong>behind</strong>");
    expect(html).toContain('class="text-plain"');
  }
});

test("a paragraph of nothing but marks stays as it was written, and what stands beside it does not", () => {
  const marks = "**a*".repeat(1_000);
  const html = htmlOf(`**before**\n\n${marks}\n\n- **in** a list\n- ${marks}`);
  expect(html).toContain("<strong>before</strong>");
  expect(html).toContain(`<p>${marks}</p>`);
  expect(html).toContain("<li><strong>in</strong> a list</li>");
});

const units = [
  ...[">", "[", "*", "_", "~", "`", "<", "|", "!", "\\", "&", "(", '"', "'", "#", "=", "-", "\t"],
  ...["x_", "[](()", "![](", "[a](<", "[a](b '", "1. ", "> - ", "`a ", "*a ", "**a*", "__a__b"],
  ...["<a b=", "<!--", "<div>\n", "a@b.", "http://a(", "[a]: b\n", "[^a", "a|b\n", "a|b\n-|-\n"],
  ...["- a\n  - b\n", "===\n", "a\n---\n", "    a\n", "~~~\n", "```\n", "```\n```\n[", "a\n\n"],
];
const forms: ((unit: string) => string)[] = [
  (unit) => unit,
  (unit) => `${unit}\n`,
  (unit) => `${unit.repeat(25)}\n`,
  (unit) => `${unit.repeat(1_000)}\n\n`,
];

test.each(units)("64 KB of %j are shown soon", (unit) => {
  for (const form of forms) {
    for (const start of ["", "- ", "> ", "a", "|a|\n|-|\n|", "```\n"]) {
      const text = start + form(unit).repeat(65_536 / form(unit).length);
      const startedAt = performance.now();
      htmlOf(text);
      // Each is a matter of milliseconds: this says that none takes seconds, on a busy machine, too.
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    }
  }
});

test("of a long message no more is read than is shown: a piece, and more on demand", () => {
  for (const text of ["**word** ".repeat(111_111), "**word**\n".repeat(111_111)]) {
    const html = htmlOf(text);
    expect(html.length).toBeLessThan(300_000);
    expect(html).toMatch(/of text, .* shown <button[^>]*>more<\/button>/);
  }
});

test("the parts of a text are the text, and code is a part", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments, "word "), { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      expect(partsOf(text).join("")).toBe(text);
    }),
  );
  expect(partsOf("```\na\n\nb\n```\n\nbehind")).toEqual(["```\na\n\nb\n```\n", "\n", "behind"]);
  expect(partsOf("a\n```\nb\n```\nc")).toEqual(["a\n", "```\nb\n```\n", "c"]);
  expect(partsOf("- a\n\n- b\n\nbehind")).toEqual(["- a\n\n- b\n\n", "behind"]);
  expect(partsOf("- a\n  ```\n  b\n\nc\n  ```\n- d")).toEqual(["- a\n  ```\n  b\n\nc\n  ```\n- d"]);
});

test("read in parts, what is written to be read is what it is when read at once", () => {
  const written = [
    "A paragraph with **bold** and `code`.",
    "Steps:",
    "- one\n- two",
    "- one\n\n  more",
    "1. one\n   - two",
    "```js\nlet a;\n\nlet b;\n```",
    "    indented",
    "> quoted\n> more",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "# Heading",
    "Heading\n===",
    "---",
  ];
  const block = fc.tuple(fc.constantFrom(...written), fc.constantFrom("\n", "\n\n", "\n\n\n"));
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const text = blocks.flat().join("");
      const parts = markdownOf(text);
      expect(outlineOf(parts.flatMap((part) => ("tokens" in part ? part.tokens : [])))).toEqual(
        outlineOf(marked.lexer(text)),
      );
    }),
    { numRuns: 500 },
  );
});

/** Their types and texts, without the blanks between blocks. */
function outlineOf(tokens: readonly Token[]): unknown[] {
  return tokens
    .filter(({ type }) => type !== "space")
    .map((token) => {
      if (token.type === "list")
        return (token as Tokens.List).items.map((i) => outlineOf(i.tokens));
      const { tokens: inner, text = "" } = token as Tokens.Generic;
      return [token.type, inner ? outlineOf(inner) : text.trimEnd()];
    });
}
