/** Whatever the README and the manual point to is there. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { topics } from "../../src/docs/topics.ts";
import {
  anchorsOf,
  blocksIn,
  codeIn,
  linksIn,
  manual,
  page,
  pageNames,
  readme,
  root,
  rowsOf,
} from "./markdown.ts";

const texts = [
  { file: "README.md", text: readme },
  ...pageNames.map((name) => ({ file: `src/docs/${name}.md`, text: page(name) })),
];
const textOf = new Map(texts.map(({ file, text }) => [file, text]));

test.each(texts)("$file links to files and headings that are there", ({ file, text }) => {
  const missing = linksIn(text).filter((href) => {
    if (/^https:/.test(href)) return false;
    const [path = "", anchor] = href.split("#");
    const target = path === "" ? file : normalize(join(dirname(file), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(textOf.get(target) ?? "").includes(anchor);
  });
  expect(missing).toEqual([]);
});

test("a page of the manual links to other pages alone: in the executable there is nothing else", () => {
  const links = pageNames.flatMap((name) => linksIn(page(name)));
  expect(links.filter((href) => !/^(https:\/\/.+|([a-z]+\.md)?(#[\w-]+)?)$/.test(href))).toEqual(
    [],
  );
});

test("files and scripts that are named are there", () => {
  const named = [manual, readme].flatMap((text) => [...codeIn(text), ...blocksIn(text)]);
  const files = named.flatMap((code) => code.match(/\b(?:src|test|scripts)\/[\w./-]+/g) ?? []);
  expect(files.length).toBeGreaterThan(80);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const scripts = named.flatMap((code) =>
    [...code.matchAll(/\bbun(?:@[\d.]+)? run ([\w:]+)/g)].map(([, script]) => script!),
  );
  expect(scripts).toContain("smoke");
  expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
});

describe("the README", () => {
  test("fits on a page", () => {
    expect(readme.split("\n").length).toBeLessThanOrEqual(130);
  });

  test("has the two commands that start and test it, on the Bun that the package asks for", () => {
    const bun = manifest.devDependencies["bun-types"];
    expect(codeIn(readme)).toEqual(
      expect.arrayContaining([
        `npx --yes bun@${bun} run start`,
        `npx --yes bun@${bun} run test`,
        "bun run start",
        "bun run test",
      ]),
    );
  });

  test("has a proof for each promise", () => {
    const rows = rowsOf(readme, "promise");
    expect(rows.length).toBeGreaterThan(10);
    for (const { promise, "what proves it": proof } of rows) {
      const proofs = codeIn(proof!);
      expect([promise, proofs.length]).not.toEqual([promise, 0]);
      for (const each of proofs) expect(each).toMatch(/^(test\/|bun (run|scripts\/))/);
    }
  });

  test("lists the topics of the manual as the manual does", () => {
    const rows = rowsOf(readme, "topic").map((row) => Object.values(row));
    expect(rows).toEqual(
      topics.map(({ name, title, summary }) => [`[${title}](src/docs/${name}.md)`, summary]),
    );
  });
});
