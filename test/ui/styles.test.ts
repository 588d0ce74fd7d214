/**
 * Whose a class is can be read from its name: it begins with the name of the file that draws it, up to
 * the first dot (`spans.widths.css` goes on from `spans.css`). So no
 * rule of one room of the viewer reaches into another.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Glob } from "bun";

const ui = join(import.meta.dir, "../../src/ui");
const filesOf = (pattern: string) => [...new Glob(pattern).scanSync(ui)].sort();

/** One selector, such as `.tree-row.is-selected > .label`. */
interface Selector {
  text: string;
  /** What stands in it without a blank, a comma or a combinator between: the classes of each. */
  compounds: string[][];
}

/** A class that says how something stands; what it is says the class beside it. */
const isState = (name: string) => /^(is|has)-/.test(name);
/** Drawn by uPlot. */
const isForeign = (name: string) => /^u-/.test(name);

const sheets = new Map(filesOf("**/*.css").map((file) => [file, selectorsIn(file)]));
const isShared = (file: string) =>
  file.startsWith("styles/") || file === "text/text.css" || file.startsWith("parts/");
const prefixOf = (file: string) => basename(file).split(".")[0]!;
const hasPrefix = (name: string, file: string) =>
  name === prefixOf(file) || name.startsWith(`${prefixOf(file)}-`);

const namesIn = (file: string) =>
  new Set(
    sheets
      .get(file)!
      .flatMap(({ compounds }) => compounds.flat())
      .filter((name) => !isState(name) && !isForeign(name)),
  );
const sharedNames = new Set(
  [...sheets.keys()].filter(isShared).flatMap((file) => [...namesIn(file)]),
);
const rooms = [...sheets.keys()].filter((file) => !file.startsWith("styles/"));

const sources = filesOf("**/*.{ts,tsx}").map((file) => ({
  file,
  text: readFileSync(join(ui, file), "utf8"),
}));

describe.each(rooms)("%s", (file) => {
  test("begins each selector with a class of its own, and draws no other room's", () => {
    const wrong = sheets.get(file)!.filter(({ compounds }) => {
      const names = compounds.flat().filter((name) => !isState(name) && !isForeign(name));
      return (
        names.length === 0 ||
        !hasPrefix(names[0]!, file) ||
        names.some((name) => !hasPrefix(name, file) && !sharedNames.has(name))
      );
    });
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  test("is of the only folder with its prefix", () => {
    const others = [...sheets.keys()].filter((other) => dirname(other) !== dirname(file));
    expect(others.filter((other) => prefixOf(other) === prefixOf(file))).toEqual([]);
    const shared = [...sheets.keys()].filter((other) => other.startsWith("styles/"));
    const names = shared.flatMap((other) => [...namesIn(other)]);
    expect(names.filter((name) => hasPrefix(name, file))).toEqual([]);
  });
});

test.each([...sheets.keys()])("%s names a state only beside the class that has it", (file) => {
  const wrong = sheets
    .get(file)!
    .filter(({ compounds }) => compounds.some((names) => names.length > 0 && names.every(isState)));
  expect(wrong.map(({ text }) => text)).toEqual([]);
});

test.each([...sheets.keys()])("%s has no rule for what no component draws", (file) => {
  const dead = sheets.get(file)!.filter(({ compounds }) =>
    compounds.some((names) => {
      const own = names.filter((name) => !isForeign(name));
      return own.length > 0 && !sources.some(({ text }) => own.every((name) => draws(text, name)));
    }),
  );
  expect(dead.map(({ text }) => text)).toEqual([]);
});

/** Whether a name stands in a string of a source, whole or with its end made from a value. */
function draws(text: string, name: string): boolean {
  const start = name.slice(0, name.lastIndexOf("-") + 1);
  return (
    new RegExp(`["\`}](?:[^"\`\n]* )?${name}(?:["\`]| [^"\`\n]*["\`])`).test(text) ||
    (start !== "" && text.includes(`${start}\${`))
  );
}

test("a component has the classes of its own room and the shared ones alone", () => {
  const wrong = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/["`]([^"`\n]*)["`]/g)]
      .flatMap(([, words]) => words!.split(/\s+/))
      .filter((word) => {
        const owner = rooms.find((room) => hasPrefix(word, room) && namesIn(room).has(word));
        // The bare name of a room is a word like others.
        return (
          owner && word.includes("-") && !isShared(owner) && !file.startsWith(`${dirname(owner)}/`)
        );
      })
      .map((word) => `${file}: ${word}`),
  );
  expect(wrong).toEqual([]);
});

/** @param file below src/ui, as the formatter writes it. */
function selectorsIn(file: string): Selector[] {
  const text = readFileSync(join(ui, file), "utf8").replace(/\/\*[^]*?\*\//g, "");
  return [...text.matchAll(/([^{};]+)\{/g)]
    .map(([, prelude]) => prelude!.trim())
    .filter((prelude) => !/^(@|from$|to$|\d+%)/.test(prelude))
    .flatMap((prelude) => prelude.split(/,(?![^(]*\))/))
    .map((selector) => ({
      text: selector.trim(),
      compounds: selector
        .split(/[\s>+~]+|:has\(/)
        .map((compound) => [...compound.matchAll(/\.([a-z][\w-]*)/gi)].map(([, name]) => name!)),
    }));
}
