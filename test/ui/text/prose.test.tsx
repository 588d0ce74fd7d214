/** Whatever a model wrote is shown as text and a few elements, and nothing of it ever runs or is fetched. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { renderToStaticMarkup } from "react-dom/server";
import { partsOf } from "../../../src/ui/text/markdown.ts";
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
  ["# A heading", '<p class="prose-h h-1">'],
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
        if (href !== undefined) expect(href).toMatch(/^(https?:|mailto:)/);
      }
    }),
  );
});

test("what is too deep or too long is plain, and what stands beside it is not", () => {
  for (const hard of [">".repeat(100), "- ".repeat(100), "[".repeat(10_000), "1. ".repeat(50)]) {
    const html = htmlOf(`**before**\n\n${hard}\n\n**behind**`);
    expect(html).toContain("<strong>before</strong>");
    expect(html).toContain("<strong>behind</strong>");
    expect(html).toContain('class="plain"');
  }
});

test.each([">", "[", "x_", "[](()", "!", "1. ", "`a ", "*a ", "> - ", "<", "|"])(
  "64 KB of %j end soon",
  (unit) => {
    const start = performance.now();
    htmlOf(unit.repeat(65_536 / unit.length));
    htmlOf(`${unit.repeat(1_000)}\n\n`.repeat(20));
    // The budget is 30 ms each; a frozen page would take seconds.
    expect(performance.now() - start).toBeLessThan(1_000);
  },
);

test("the parts of a text are the text, and code is never cut", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments, "word "), { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      expect(partsOf(text).join("")).toBe(text);
    }),
  );
  expect(partsOf("```\na\n\nb\n```\n\nbehind")).toEqual(["```\na\n\nb\n```\n\n", "behind"]);
  expect(partsOf("- a\n\n- b\n\nbehind")).toEqual(["- a\n\n- b\n\n", "behind"]);
});
