/** Code is coloured where that is quick, and never more of it in the page than can be seen. */
import { expect, test } from "bun:test";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import fc from "fast-check";
import { renderToStaticMarkup } from "react-dom/server";
import { Code, type CodeProps } from "../../../src/ui/text/code.tsx";
import * as highlight from "../../../src/ui/text/highlight.ts";

const { tokensOf } = highlight;
const client = new QueryClient();
client.setQueryData(["highlight"], highlight);
const htmlOf = (props: CodeProps) =>
  renderToStaticMarkup(
    <QueryClientProvider client={client}>
      <Code {...props} />
    </QueryClientProvider>,
  );

const languages = [
  "bash",
  "diff",
  "javascript",
  "json",
  "markdown",
  "python",
  "sql",
  "typescript",
  "xml",
  "yaml",
];

test("code in a known language is coloured, and by another name of it, too", () => {
  for (const language of ["typescript", "ts", "TS"]) {
    expect(htmlOf({ text: "const a = 'b'; // c", language })).toContain(
      '<span class="text-token-key">const</span> a = <span class="text-token-string">&#x27;b&#x27;</span>; <span class="text-token-comment">// c</span>',
    );
  }
  expect(tokensOf("a", "klingon")).toBeNull();
  expect(htmlOf({ text: "const a", language: "klingon" })).toContain("const a");
});

test("the tokens of a code are its text", () => {
  const code = fc.array(
    fc.constantFrom(
      "const ",
      "(",
      ")",
      "{",
      "}",
      "<a b='c'>",
      "</a>",
      "'",
      '"',
      "`",
      "${",
      "/*",
      "*/",
      "#",
      "\n",
      "- ",
      "1.5",
      "def ",
      "\\",
    ),
  );
  fc.assert(
    fc.property(code, fc.constantFrom(...languages), (pieces, language) => {
      const text = pieces.join("");
      const tokens = tokensOf(text, language)!;
      expect(tokens.map((token) => token.text).join("")).toBe(text);
      // Neighbours of one colour are one token.
      expect(tokens.some(({ className }, i) => className === tokens[i - 1]?.className)).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test.each(["(", "{", "[", "`${", "<a>", "[a](", "a", "_", "\n", " ", "'", "<script>\n"])(
  "16 KB of %j take no time worth a word in any language",
  (unit) => {
    for (const language of languages) {
      const startedAt = performance.now();
      tokensOf(unit.repeat(16_000 / unit.length), language);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  },
);

test("code that is long stays plain", () => {
  const text = "const a = 1;\n".repeat(390);
  expect(htmlOf({ text, language: "ts" })).toContain("text-token-key");
  const long = `const a = "${"x ".repeat(20)}";\n`.repeat(390);
  expect(htmlOf({ text: long, language: "ts" })).not.toContain("text-token-");
});

test("of 1 MB of code only the lines in sight are in the page", () => {
  const text = "const a = 1;\n".repeat(80_000);
  expect(htmlOf({ text, language: "ts" }).length).toBeLessThan(10_000);
  expect(htmlOf({ text: "x".repeat(1_000_000) }).length).toBeLessThan(50_000);
});

test("of more lines than are wanted the others are counted on a button", () => {
  const text = "1\n2\n3\n4\n5\n";
  expect(htmlOf({ text, maxLines: 2 })).toContain("3 more lines");
  expect(htmlOf({ text, maxLines: 2 })).toContain(">1\n2</pre>");
  // A button takes a line itself.
  expect(htmlOf({ text, maxLines: 4 })).not.toContain("<button");
});

test("line breaks of any system end a line, and what cannot be seen is written out", () => {
  expect(htmlOf({ text: "a\r\nb\r\n" })).toContain(">a\nb</pre>");
  expect(htmlOf({ text: "a\u202eb\rc" })).toContain("a\\u202eb\\u000dc");
  expect(htmlOf({ text: "\u001b[31m<b>red</b>\u001b[0m" })).toContain(
    ">&lt;b&gt;red&lt;/b&gt;</pre>",
  );
});
