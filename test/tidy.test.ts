import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = join(import.meta.dir, "..");
const maxLines = 400;

/** A file imports only from rooms of lower rank, or from its own. The longest prefix counts. */
const ranks: Record<string, number> = {
  "api.ts": 0,
  "budget.ts": 1,
  "errors.ts": 0,
  "limits.ts": 0,
  "log.ts": 0,
  "pattern.ts": 0,
  "python.ts": 0,
  "schemas.ts": 0,
  "secrets.ts": 0,
  "shell.ts": 0,
  "varint.ts": 0,
  "version.ts": 0,
  "docs/": 0,
  "descriptors.ts": 1,
  "importing.ts": 1,
  "directory/": 1,
  "json/": 0,
  "contract/": 1,
  "filter/": 2,
  "messages/": 2,
  "otlp/": 2,
  "pricing/": 2,
  "tally/": 2,
  "joining/": 2,
  "backend/": 3,
  "sqlite/": 4,
  "ui/": 4,
  "ingest/": 5,
  "query/": 5,
  "threads/host.ts": 2,
  "threads/": 6,
  "http/": 7,
  "config.ts": 7,
  "cli/": 8,
  "main.ts": 9,
};

/** Files that are longer, and may only become shorter. */
const longer: Record<string, number> = {
  "test/config.test.ts": 409,
  "test/contract/check.test.ts": 441,
  "test/contract/v1.test.ts": 512,
  "test/http/grpc.test.ts": 605,
  "test/http/guard.test.ts": 538,
  "test/http/ingest.test.ts": 712,
  "test/http/otlp.test.ts": 522,
  "test/http/prices.test.ts": 494,
  "test/http/read.test.ts": 873,
  "test/ingest/mutation.property.test.ts": 437,
  "test/messages/shapes.test.ts": 808,
  "test/otlp/agents.ts": 586,
  "test/otlp/conventions.ts": 795,
  "test/otlp/details.test.ts": 473,
  "test/otlp/json.test.ts": 452,
  "test/otlp/senders/vercel.ts": 784,
  "test/pricing/receipt.test.ts": 546,
  "test/query/transcript.test.ts": 750,
  "test/sqlite/payload/collect.test.ts": 443,
  "test/tally/calls.test.ts": 557,
  "test/ui/demo.ts": 584,
};

const topLevel = [
  ".ci",
  ".editorconfig",
  ".github",
  ".gitignore",
  ".oxfmtrc.json",
  ".oxlintrc.json",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "bun.lock",
  "bunfig.toml",
  "package.json",
  "scripts",
  "src",
  "test",
  "tsconfig.json",
];

const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(join(root, "src"))].filter(
  (file) => !file.endsWith(".d.ts"),
);
const transpilers = {
  ts: new Bun.Transpiler({ loader: "ts" }),
  tsx: new Bun.Transpiler({ loader: "tsx" }),
};

function roomOf(file: string): string {
  const room = Object.keys(ranks).find(
    (prefix) => file === prefix || (prefix.endsWith("/") && file.startsWith(prefix)),
  );
  if (!room) throw new Error(`src/${file} stands in no room: give it a rank in test/tidy.test.ts`);
  return room;
}

function importsOf(file: string): string[] {
  const source = readFileSync(join(root, "src", file), "utf8");
  return transpilers[file.endsWith(".tsx") ? "tsx" : "ts"]
    .scanImports(source)
    .filter(({ path }) => path.startsWith("."))
    .map(({ path }) => relative(join(root, "src"), resolve(root, "src", dirname(file), path)))
    .filter((path) => /\.tsx?$/.test(path));
}

test("imports go from the outside in", () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => {
        const [from, to] = [roomOf(file), roomOf(imported)];
        return from !== to && ranks[to]! >= ranks[from]!;
      })
      .map((imported) => `${file} imports ${imported}`),
  );
  expect(wrong).toEqual([]);
});

test("only src/sqlite knows SQLite: others import src/sqlite/backend/ alone, and write no SQL", () => {
  const sql =
    /["'`]\s*(SELECT\s|INSERT\s+(OR\s|INTO\s)|UPDATE\s+\w+\s+SET|DELETE\s+FROM\s|PRAGMA\s|CREATE\s+TABLE|BEGIN\b|ROLLBACK\b|WITH\s+RECURSIVE)/;
  const knowing = files.filter((file) => {
    if (file.startsWith("sqlite/")) return false;
    const source = readFileSync(join(root, "src", file), "utf8");
    return (
      /from "(bun:sqlite|drizzle-orm)/.test(source) ||
      /from "[./]*\/sqlite\/(?!backend\/)/.test(source) ||
      sql.test(source)
    );
  });
  expect(knowing).toEqual([]);
});

test("only the configuration reads the environment", () => {
  const reads = files.filter((file) =>
    /(?<!")process\.env\b/.test(readFileSync(join(root, "src", file), "utf8")),
  );
  // `run` hands its own environment on to the command.
  expect(reads.sort()).toEqual(["cli/run.ts", "config.ts"]);
});

test(`no source, test, script or style sheet is longer than ${maxLines} lines`, () => {
  const long = [...new Bun.Glob("{src,test,scripts}/**/*.{ts,tsx,css}").scanSync(root)]
    .filter((file) => !file.endsWith(".d.ts"))
    .filter(
      (file) =>
        readFileSync(join(root, file), "utf8").split("\n").length > (longer[file] ?? maxLines),
    );
  expect(long).toEqual([]);
});

test("the top level stays as it is", () => {
  const ignored = new Set([".git", "node_modules", "dist", ".bench"]);
  expect(
    readdirSync(root)
      .filter((name) => !ignored.has(name))
      .filter((name) => !topLevel.includes(name)),
  ).toEqual([]);
  expect(topLevel.filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

test("dependencies are pinned to exact versions", () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version as string),
  );
  expect(loose).toEqual([]);
});

/** The shortest way from a node back to itself, for each node that has one. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  return [...graph.keys()].flatMap((start) => {
    const ways = [[start]];
    const seen = new Set<string>();
    for (const way of ways) {
      for (const next of graph.get(way.at(-1)!) ?? []) {
        if (next === start) return [[...way, start].join(" -> ")];
        if (!seen.has(next)) ways.push([...way, next]);
        seen.add(next);
      }
    }
    return [];
  });
}

test("no file imports itself by way of others", () => {
  expect(cyclesIn(new Map(files.map((file) => [file, importsOf(file)])))).toEqual([]);
});

test("no room of the viewer imports itself by way of others, not even its types", () => {
  const rooms = new Map<string, string[]>();
  const viewerRoomOf = (file: string) => file.split("/").slice(0, 2).join("/");
  for (const file of files.filter((each) => each.startsWith("ui/"))) {
    const source = readFileSync(join(root, "src", file), "utf8");
    const imported = [...source.matchAll(/(?:from |import |import\()"(\.[^"]+\.tsx?)"/g)]
      .map(([, path]) => join(dirname(file), path!))
      .filter((path) => path.startsWith("ui/"))
      .map(viewerRoomOf);
    const room = viewerRoomOf(file);
    const others = imported.filter((each) => each !== room);
    rooms.set(room, [...(rooms.get(room) ?? []), ...others]);
  }
  expect(cyclesIn(rooms)).toEqual([]);
});
