/**
 * Runs the tests on SQLite 3.37, the oldest that a supported macOS has, and holds that every
 * statement in the sources ran there: `bun run test:sqlite337`. Needs a C compiler and the package
 * registry, the latter once; without them it says so and is no failure.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The package that carries the sources of SQLite 3.37.2 in one file, and that file's digest. */
const carrier = { name: "better-sqlite3", version: "7.5.0", file: "deps/sqlite3/sqlite3.c" };
const digest = "e19498e06e73c079730702effc5213a811b6f57ab0489f848fabe4956510a58b";

/** Tests that start processes of their own, which have Bun's SQLite, or whose matter is no store. */
const notHere = [
  ...["cli/", "e2e/", "faults/", "crash", "ingest/overload", "sqlite/search/kill"],
  ...["ui/", "contract/", "otlp/", "pricing/", "messages/", "filter/", "scripts/", "tidy"],
  ...["http/grpc", "http/otlp", "http/openapi", "http/guard", "http/connections", "http/cors"],
  ...["ingest/mutation", "ingest/unknown", "ingest/storage", "ingest/stalls"],
];

/** Something that this machine does not have. */
class Missing extends Error {}

/** @returns the path of the compiled library, made at need. */
async function findLibrary(): Promise<string> {
  const dir = join(root, "node_modules/.cache/sqlite337");
  const library = join(dir, "libsqlite3-dbstat.so");
  if (existsSync(library)) return library;
  const compiler = Bun.which("cc") ?? Bun.which("gcc") ?? Bun.which("clang");
  if (!compiler) throw new Missing("there is no C compiler");
  const temp = mkdtempSync(join(tmpdir(), "tealight-sqlite337-"));
  try {
    const source = await fetchSource(temp);
    const made = join(temp, "libsqlite3.so");
    const features = ["FTS5", "JSON1", "RTREE", "DBSTAT_VTAB"].map(
      (name) => `-DSQLITE_ENABLE_${name}`,
    );
    const options = ["-O1", "-shared", "-fPIC", ...features, "-o", made, source];
    const { exitCode, stderr } = Bun.spawnSync([compiler, ...options, "-lm", "-lpthread"]);
    if (exitCode !== 0) throw new Error(`${compiler} failed: ${stderr}`);
    mkdirSync(dir, { recursive: true });
    await Bun.write(`${library}.new`, Bun.file(made));
    renameSync(`${library}.new`, library);
    return library;
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/** The package comes without running its scripts, which would fetch and build a binary. */
async function fetchSource(dir: string): Promise<string> {
  const { name, version, file } = carrier;
  await Bun.write(join(dir, "package.json"), "{}");
  const { exitCode, stderr } = Bun.spawnSync(
    [process.execPath, "add", "--ignore-scripts", `${name}@${version}`],
    { cwd: dir },
  );
  const [why] = stderr.toString().match(/^error: .*/m) ?? [`exit code ${exitCode}`];
  if (exitCode !== 0) throw new Missing(`the registry does not give ${name}: ${why}`);
  const source = join(dir, "node_modules", name, file);
  const found = new Bun.CryptoHasher("sha256").update(await Bun.file(source).bytes());
  if (found.digest("hex") !== digest) throw new Error(`${file} of ${name} is not what it was`);
  return source;
}

const filledIn = /\$\{(?:[^{}`]|`[^`]*`)*\}/;
/** Not `DELETE /api/…`, which is a route. */
const verb = /(?:BEGIN|COMMIT|ROLLBACK|(?:SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|WITH)\s(?!\/))/;
const literal = new RegExp(
  `"(${verb.source}[^"]*)"|\`(${verb.source}(?:[^\`$]|${filledIn.source})*)\``,
  "g",
);

/** Statements as they stand in the sources. What is filled in at run time matches anything. */
function statementsInSources(): { text: string; pattern: RegExp }[] {
  const files = [...new Bun.Glob("**/*.ts").scanSync(join(root, "src"))].sort();
  return files.flatMap((file) =>
    [...readFileSync(join(root, "src", file), "utf8").matchAll(literal)].map(
      ([, plain, template]) => {
        const sql = plain ?? template!;
        const parts = sql.split(filledIn).map(RegExp.escape);
        return { text: `src/${file}: ${sql}`, pattern: new RegExp(`^${parts.join("[^]*")}$`) };
      },
    ),
  );
}

async function main(): Promise<number> {
  const library = await findLibrary();
  const temp = mkdtempSync(join(tmpdir(), "tealight-sqlite337-"));
  try {
    const log = join(temp, "statements");
    const files = [...new Bun.Glob("**/*.test.ts").scanSync(join(root, "test"))]
      .filter((file) => !notHere.some((prefix) => file.startsWith(prefix)))
      // Outside of queries, arbitrary input has the same statements run again and again.
      .filter(
        (file) =>
          /^(query|sqlite\/(list|trace|stats))\//.test(file) || !file.includes(".property."),
      )
      .map((file) => `./test/${file}`);
    const preload = join(import.meta.dir, "preload.ts");
    const options = [
      "--preload",
      preload,
      "--parallel=2",
      "--only-failures",
      "--timeout",
      "120000",
    ];
    const tests = Bun.spawn([process.execPath, "test", ...options, ...files.sort()], {
      cwd: root,
      env: { ...process.env, SQLITE337_LIBRARY: library, SQLITE337_LOG: log },
      stdio: ["ignore", "inherit", "inherit"],
    });
    if ((await tests.exited) !== 0) return 1;
    const lines = readFileSync(log, "utf8").trim().split("\n");
    const ran = [...new Set(lines)].map((line) => JSON.parse(line) as string);
    const wanted = statementsInSources();
    const idle = wanted.filter(({ pattern }) => !ran.some((sql) => pattern.test(sql)));
    for (const { text } of idle) console.log(`did not run: ${text}`);
    const all = `${wanted.length - idle.length} of ${wanted.length} written in src/ among them`;
    console.log(`SQLite 3.37: ${ran.length} statements ran, ${all}`);
    return idle.length === 0 ? 0 : 1;
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

try {
  process.exit(await main());
} catch (cause) {
  if (!(cause instanceof Missing)) throw cause;
  console.log(`SQLite 3.37: SKIPPED, ${cause.message}`);
}
