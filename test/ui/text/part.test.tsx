/** The parts of messages: what was said, thought, called, got back and attached. */
import { expect, test } from "bun:test";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import type { Media, Part } from "../../../src/messages/model.ts";
import { MediaPlace } from "../../../src/ui/text/media.tsx";
import { MessageView } from "../../../src/ui/text/message.tsx";
import { PartView } from "../../../src/ui/text/part.tsx";
import { ToolCard, type ToolCardProps } from "../../../src/ui/text/tool.tsx";

const client = new QueryClient();
const htmlOf = (element: ReactNode) =>
  renderToStaticMarkup(<QueryClientProvider client={client}>{element}</QueryClientProvider>);
const partOf = (part: Part) => htmlOf(<PartView part={part} />);
const cardOf = (props: Partial<ToolCardProps>) =>
  htmlOf(
    <ToolCard
      name="edit"
      args={null}
      result={null}
      displayStatus="ok"
      durationMs={null}
      {...props}
    />,
  );
const media = (fields: Partial<Media>): Media => ({
  type: "media",
  kind: "image",
  mime: null,
  name: null,
  bytes: null,
  at: "inline",
  reference: null,
  ...fields,
});

test("what was said is Markdown, and a clipped text says how long it is", () => {
  const html = partOf({ type: "text", text: "**Hello**", fullLength: 2_000_000 });
  expect(html).toContain("<strong>Hello</strong>");
  expect(html).toMatch(/The beginning of 2\.0.MB/);
});

test("what was cut before it was sent says so, and by whom, and how long it was", () => {
  const cut = { by: "sender", wholeLength: 52_310 } as const;
  expect(partOf({ type: "raw", text: "[{", cut })).toContain(
    "Truncated here before it was sent: its full length was 52,310 characters.",
  );
  const unknown = { by: "sender", wholeLength: null } as const;
  const clipped = partOf({ type: "text", text: "a", fullLength: 20_000, cut: unknown });
  expect(clipped).toContain("the span’s input and output have the rest.");
  expect(clipped).toContain(
    "The end was truncated before it was sent: its full length is unknown.",
  );
  const own = partOf({ type: "text", text: "a", cut: { by: "server", wholeLength: 1_200_000 } });
  expect(own).toContain("by this server, which keeps the first million characters");
  const args = cardOf({ args: '{"path":"a', argsTruncation: { cut } });
  expect(args).toContain("its full length was 52,310 characters.");
});

test("a thought is folded, and one that was kept back says so", () => {
  const html = partOf({ type: "thinking", text: "hm, well" });
  expect(html).toContain("Thought, 8 characters");
  expect(html).not.toContain("hm, well");
  expect(partOf({ type: "thinking", text: "" })).toContain("Thought, which the provider keeps");
  const kept = partOf({ type: "thinking", text: "", withheld: "encrypted" });
  expect(kept).toContain("Thought, encrypted, which the provider keeps");
});

test("nothing that is attached is fetched", () => {
  const remote = partOf(media({ at: "url", reference: "https://example.com/a.png" }));
  expect(remote).toContain("example.com</span>");
  expect(remote).toContain("not loaded");
  expect(remote).toContain('rel="noopener noreferrer"');
  const inline = partOf(media({ mime: "image/png", bytes: 2_048, name: "shot\u202egnp.png" }));
  expect(inline).toContain("shot\\u202egnp.png · image/png · 2.0");
  for (const html of [remote, inline]) expect(html).not.toMatch(/<img|src=/);
  expect(partOf(media({ at: "url", reference: "javascript:alert(1)" }))).not.toContain("<a");
});

test("what is too large is not even read, and what is in view only once it is", () => {
  const stored = (bytes: number) =>
    htmlOf(
      <MediaPlace value={{ trace: 1, span: 2 }}>
        <PartView part={media({ mime: "image/png", bytes, content: "abc" })} />
      </MediaPlace>,
    );
  expect(stored(11 * 1024 * 1024)).toMatch(/image\/png · 11.*too large to be shown.*Save/);
  expect(stored(10 * 1024 * 1024)).toBe('<span class="media-thumb" aria-busy="true"></span>');
});

test("a call shows its arguments in a line", () => {
  expect(cardOf({ args: '{"path":"a.ts"}' })).toContain(
    '<span class="text-tool-args truncated">a.ts</span>',
  );
  expect(cardOf({ args: '{"path":"a.ts","line":3}' })).toContain(">path a.ts line 3<");
  expect(cardOf({ args: '"ls -l"' })).toContain(">ls -l<");
  expect(cardOf({ args: "not JSON" })).toContain(">not JSON<");
  expect(cardOf({ name: "\u202etide", args: "\u200b" })).not.toMatch(/[\u202e\u200b]/);
});

test("a number of arguments has all its digits, and its zeros", () => {
  expect(cardOf({ args: '{"id":1234567890123456789,"price":1.10}' })).toContain(
    ">id 1234567890123456789 price 1.10<",
  );
});

test("of long arguments only what fits in the line is in the page", () => {
  expect(cardOf({ args: "x".repeat(1_000_000) }).length).toBeLessThan(3_000);
  expect(cardOf({ args: JSON.stringify({ a: "x".repeat(19_000) }) }).length).toBeLessThan(3_000);
});

test("a call that puts one text in another's place shows what changed", () => {
  const args = JSON.stringify({ path: "a.ts", old_string: "let a;\n", new_string: "let b;\n" });
  const html = cardOf({ args });
  expect(html).toContain(">a.ts<");
  expect(html).toContain('<span class="text-removed">');
  expect(html).toContain('<span class="text-added">');
});

test("a result is shown by its first lines, and a failed call says why", () => {
  const text = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
  const html = cardOf({
    result: {
      type: "toolResult",
      id: null,
      name: null,
      isError: false,
      text,
      fullLength: 5_000_000,
    },
  });
  expect(html).toContain("line 7");
  expect(html).not.toContain("line 8\n");
  expect(html).toContain("92 more lines");
  expect(html).toMatch(/The beginning of 5\.0.MB/);
  const failed = cardOf({ displayStatus: "error", note: "no such file" });
  expect(failed).toContain('class="text-tool is-failed ');
  expect(failed).toContain('<p class="note error-text">no such file</p>');
});

test("instructions are folded, and whoever speaks is named", () => {
  const parts: Part[] = [{ type: "text", text: "Be brief." }];
  const instructions = htmlOf(<MessageView message={{ role: "system", parts }} />);
  expect(instructions).toContain("system, 9 characters");
  expect(instructions).not.toContain("Be brief.");
  const said = htmlOf(<MessageView message={{ role: "user", name: "A\u202eda", parts }} />);
  expect(said).toContain('<div class="label">A\\u202eda</div>');
  expect(said).toContain("Be brief.");
});
