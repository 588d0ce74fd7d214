/** What is attached to messages, in a real browser: shown only as what it turns out to be. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

const harmful = `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='owned'"><script>document.title='owned'</script></svg>`;
const page = `<!doctype html><script>document.title='owned'</script>`;

/** A picture of one colour. */
function png(width: number, height: number, colour: [number, number, number]): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const all = Buffer.alloc(body.length + 8);
    all.writeUInt32BE(data.length);
    body.copy(all, 4);
    all.writeUInt32BE(Bun.hash.crc32(body), body.length + 4);
    return all;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const line = Buffer.concat([
    Buffer.from([0]),
    ...Array.from({ length: width }, () => Buffer.from(colour)),
  ]);
  const lines = Buffer.concat(Array.from({ length: height }, () => line));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A second of silence. */
function wav(): Buffer {
  const all = Buffer.alloc(44 + 8_000, 0x80);
  all.write("RIFF");
  all.writeUInt32LE(all.length - 8, 4);
  all.write("WAVEfmt ", 8);
  all.writeUInt32LE(16, 16);
  all.set([1, 0, 1, 0], 20);
  all.writeUInt32LE(8_000, 24);
  all.writeUInt32LE(8_000, 28);
  all.set([1, 0, 8, 0], 32);
  all.write("data", 36);
  all.writeUInt32LE(8_000, 40);
  return all;
}

const attach = (media_type: string, data: Buffer | string) => ({
  type: "image",
  source: { type: "base64", media_type, data: Buffer.from(data).toString("base64") },
});

const picture = png(40, 30, [60, 110, 210]);
const attached = [
  { type: "text", text: "Look at these." },
  { ...attach("text/html", picture), filename: "form.png" },
  { ...attach("image/png", harmful), filename: "run.png" },
  attach("image/svg+xml", harmful),
  attach("image/png", page),
  attach("image/png", picture.subarray(0, 20)),
  { ...attach("application/pdf", "%PDF-1.7 <script>"), filename: "report.pdf" },
  { type: "input_audio", input_audio: { data: wav().toString("base64"), format: "wav" } },
  { type: "image_url", image_url: { url: "https://cdn.example.com/a.png" } },
];

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const asked = { role: "user", content: attached };
  const calls = {
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "call-1", type: "function", function: { name: "screenshot", arguments: '{"of":"x"}' } },
    ],
  };
  const result = {
    role: "tool",
    tool_call_id: "call-1",
    content: `data:image/png;base64,${png(30, 40, [200, 80, 60]).toString("base64")}`,
  };
  const spans = [
    makeSpan({
      spanId: "one",
      spanType: "llm",
      input: JSON.stringify([asked]),
      output: JSON.stringify([calls]),
      startTime: 1,
      endTime: 2,
    }),
    makeSpan({
      spanId: "two",
      spanType: "llm",
      input: JSON.stringify([asked, calls, result]),
      output: "A red picture.",
      startTime: 3,
      endTime: 4,
    }),
    makeSpan({
      spanId: "values",
      spanType: "tool",
      output: JSON.stringify({
        shot: `data:image/png;base64,${png(200, 150, [20, 90, 60]).toString("base64")}`,
        nested: { file: Buffer.from(harmful.padEnd(400)).toString("base64") },
      }),
      startTime: 5,
      endTime: 6,
    }),
  ];
  expect((await server.ingest(makePayload({ spans }))).status).toBe(202);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

browserTest(
  "pictures are drawn from the store, are enlarged by a click, and Escape closes them",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces/trace-1?view=transcript");
    const thumb = page.getByRole("button", { name: "Enlarge form.png" });
    await thumb.locator("img").waitFor();
    await page.waitForFunction("document.querySelector('.media-thumb img').naturalWidth === 40");
    await thumb.click();
    const large = page.getByRole("dialog", { name: "form.png" });
    await large.getByText("40 × 30 · image/png").waitFor();
    expect(page.url()).not.toContain("span=");
    await page.keyboard.press("Escape");
    await large.waitFor({ state: "detached" });
    // A result's picture stands in the card of its call, once.
    const card = page.locator(".text-tool", { hasText: "screenshot" });
    await card.locator(".media-thumb img").waitFor();
    expect(await page.locator(".media-thumb img").count()).toBe(2);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "what could run is a dashed line with its type, its size and a way to save it",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces/trace-1?view=transcript");
    await page.locator(".media-tile.is-unshown").nth(3).waitFor();
    const title = await page.title();
    const lines = await page.locator(".media-tile.is-unshown").allTextContents();
    expect(lines.map((line) => line.replace(/\s/g, " "))).toEqual([
      expect.stringMatching(/^run\.png · image\/png · \d+ Bnot shown hereSave$/),
      expect.stringMatching(/^image\/svg\+xml · \d+ Bnot shown hereSave$/),
      expect.stringMatching(/^image\/png · \d+ Bnot shown hereSave$/),
      expect.stringMatching(/^image\/png · 20 Bthis browser cannot draw itSave$/),
    ]);
    expect(title).not.toContain("owned");
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.locator(".media-tile.is-unshown").first().getByRole("button").click(),
    ]);
    expect(saved.suggestedFilename()).toBe("run.png.bin");
    expect(await page.title()).toBe(title);
    expect(await page.locator("iframe, object, embed, img[src^=http]").count()).toBe(0);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "sound waits for who wants to hear it, and nothing is asked of another host",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces/trace-1?view=transcript");
    await page.locator("audio").waitFor();
    expect(await page.evaluate("document.querySelector('audio').paused")).toBe(true);
    expect(await page.locator("audio[autoplay]").count()).toBe(0);
    const remote = page.locator(".media-thumb.is-remote");
    expect(await remote.textContent()).toBe("cdn.example.comnot loadedOpen");
    expect(await remote.getAttribute("rel")).toBe("noopener noreferrer");
    expect(await remote.getAttribute("target")).toBe("_blank");
    await page.getByText("report.pdf").waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "a value of JSON that is a picture is shown by a click, and one that could run is not",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces/trace-1?span=values&tab=output");
    const json = page.locator(".inspector .text-json");
    await json.getByRole("button", { name: /^image\/png/ }).click();
    await page.getByRole("dialog").getByText("200 × 150").waitFor();
    await page.keyboard.press("Escape");
    await json.getByText("nested").click();
    await json.getByRole("button", { name: /^base64/ }).click();
    await page.getByRole("dialog").getByText("not shown here").waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);
