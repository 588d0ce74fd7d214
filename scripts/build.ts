/**
 * Builds the executable. `bun run build` writes dist/tealight for this machine; with `--all` also an
 * archive for each platform and their SHA256SUMS.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { zipSync } from "fflate";
import { createTar } from "nanotar";
import manifest from "../package.json" with { type: "json" };
import { bundleViewer } from "../src/http/bundle.ts";

const root = join(import.meta.dir, "..");
const src = join(root, "src");

/** What `--all` builds: the name in the archive's file name, and Bun's name for its runtime. */
const platforms = {
  "linux-x64": "bun-linux-x64",
  "linux-x64-baseline": "bun-linux-x64-baseline",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "darwin-x64": "bun-darwin-x64",
  "darwin-arm64": "bun-darwin-arm64",
  "windows-x64": "bun-windows-x64",
} as const satisfies Record<string, Bun.Build.CompileTarget>;

type Platform = keyof typeof platforms;

/** A fixed time in every archive: the same sources give the same bytes. */
const archiveTime = new Date(1980, 0, 1);

/** How the sources name the file of a worker, from which the list of entry points is made. */
const workerUrl = /new URL\(\s*"(\.{1,2}\/[^"]+\.ts)",\s*import\.meta\.url,?\s*\)/g;

/**
 * Compiles src/main.ts and its workers into one file.
 *
 * @param target a platform other than this one.
 * @returns the path of the executable in `outdir`.
 * @throws what the bundler says.
 */
export async function buildExecutable(
  outdir: string,
  target?: Bun.Build.CompileTarget,
): Promise<string> {
  const workers = await findWorkers();
  const temp = mkdtempSync(join(outdir, ".build-"));
  try {
    const { logs } = await Bun.build({
      root: src,
      entrypoints: [join(src, "main.ts"), ...new Set([...workers.values()].flat())],
      format: "esm",
      // Half of the time from start to first answer. It is the same for all platforms.
      bytecode: true,
      // Names stay: Elysia reads the source text of its handlers.
      minify: { whitespace: true, syntax: true, identifiers: false },
      // Goes into the file, too: the log's stack traces name lines of the sources.
      sourcemap: "linked",
      compile: {
        outfile: join(temp, "tealight"),
        ...(target && { target }),
        // A directory in which the file is run is not to be trusted: bunfig.toml can run code.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
      plugins: [fromRoot([...workers.keys()]), await embedViewer(temp)],
    });
    // Without bytecode Bun warns and goes on.
    if (logs.length > 0) throw new AggregateError(logs, "the build is not clean");
    const isWindows = target ? target.startsWith("bun-windows") : process.platform === "win32";
    const program = isWindows ? "tealight.exe" : "tealight";
    renameSync(join(temp, program), join(outdir, program));
    return join(outdir, program);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/** The files that start workers, each with the workers' own files. */
async function findWorkers(): Promise<Map<string, string[]>> {
  const workers = new Map<string, string[]>();
  for (const name of new Bun.Glob("**/*.ts").scanSync(src)) {
    const file = join(src, name);
    const found = [...(await Bun.file(file).text()).matchAll(workerUrl)];
    if (found.length > 0)
      workers.set(
        file,
        found.map(([, path]) => resolve(dirname(file), path!)),
      );
  }
  return workers;
}

/**
 * In the executable all of main's imports are one module at the root, so a worker's path has to start
 * there and not at the file that names it.
 */
function fromRoot(files: string[]): Bun.BunPlugin {
  return {
    name: "workers from the root",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!files.includes(path)) return undefined;
        const text = await Bun.file(path).text();
        const contents = text.replace(workerUrl, (_, worker: string) => {
          const fromSrc = relative(src, resolve(dirname(path), worker)).replaceAll("\\", "/");
          return `new URL("./${fromSrc}", import.meta.url)`;
        });
        return { contents, loader: "ts" };
      });
    },
  };
}

/**
 * In place of the module that bundles the viewer when it is asked for: one with the files inside, as
 * small as they get.
 */
async function embedViewer(temp: string): Promise<Bun.BunPlugin> {
  const { files, entry } = await bundleViewer();
  const embedded = await Promise.all(
    files.map(async ({ name, contentType, bytes }) => {
      const path = join(temp, `${name}.gz`);
      await Bun.write(path, Bun.gzipSync(bytes, { level: 9 }));
      return { name, contentType, path };
    }),
  );
  const imports = embedded.map(
    ({ path }, i) => `import file${i} from ${JSON.stringify(path)} with { type: "file" };`,
  );
  const list = embedded.map(
    ({ name, contentType }, i) =>
      `{ name: ${JSON.stringify(name)}, contentType: ${JSON.stringify(contentType)}, gzip: () => Bun.file(file${i}).bytes() }`,
  );
  const contents = `${imports.join("\n")}
export const viewerFiles = async () => ({ files: [${list.join(",")}], entry: ${JSON.stringify(entry)} });`;
  return {
    name: "embedded viewer",
    setup(build) {
      build.onLoad({ filter: /[\\/]http[\\/]bundle\.ts$/ }, () => ({ contents, loader: "js" }));
    },
  };
}

/** Builds for one platform and packs it. @returns the archive's path. */
async function buildArchive(platform: Platform, outdir: string): Promise<string> {
  const name = `tealight-${manifest.version}-${platform}`;
  const temp = mkdtempSync(join(outdir, ".archive-"));
  try {
    const program = await buildExecutable(temp, platforms[platform]);
    const files = {
      [`${name}/${basename(program)}`]: await Bun.file(program).bytes(),
      [`${name}/LICENSE`]: await Bun.file(join(root, "LICENSE")).bytes(),
    };
    const isWindows = program.endsWith(".exe");
    const archive = join(outdir, `${name}.${isWindows ? "zip" : "tar.gz"}`);
    await Bun.write(archive, isWindows ? zip(files) : tarGz(files));
    return archive;
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

type Files = Record<string, Uint8Array<ArrayBuffer>>;

function tarGz(files: Files): Uint8Array {
  const entries = Object.entries(files).map(([name, data]) => ({
    name,
    data,
    attrs: {
      mode: name.endsWith("/tealight") ? "755" : "644",
      mtime: archiveTime.getTime(),
      uid: 0,
      gid: 0,
    },
  }));
  return Bun.gzipSync(createTar(entries) as Uint8Array<ArrayBuffer>, { level: 9 });
}

function zip(files: Files): Uint8Array {
  return zipSync(files, { mtime: archiveTime, level: 9 });
}

/** Builds for this machine and tries the result once. */
async function buildForThisMachine(outdir: string): Promise<string> {
  const program = await buildExecutable(outdir);
  const { exitCode, stdout } = Bun.spawnSync([program, "--version"], { cwd: tmpdir() });
  const said = stdout.toString().trim();
  if (exitCode !== 0 || said !== manifest.version)
    throw new Error(`${program} --version ended with ${exitCode} and said ${JSON.stringify(said)}`);
  return program;
}

/** Runs one build and prints what it cost. */
async function reported(build: () => Promise<string>): Promise<string> {
  const startedAt = performance.now();
  const path = await build();
  const megabytes = (statSync(path).size / 1e6).toFixed(1).padStart(6);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  console.log(`${megabytes} MB ${seconds} s  ${relative(root, path)}`);
  return path;
}

async function main(args: string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== "--all");
  if (unknown) throw new Error(`unknown argument ${unknown}; there is only --all`);
  const outdir = join(root, "dist");
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir);
  await reported(() => buildForThisMachine(outdir));
  if (!args.includes("--all")) return;
  const sums: string[] = [];
  for (const platform of Object.keys(platforms) as Platform[]) {
    const archive = await reported(() => buildArchive(platform, outdir));
    const digest = new Bun.CryptoHasher("sha256").update(await Bun.file(archive).bytes());
    sums.push(`${digest.digest("hex")}  ${basename(archive)}\n`);
  }
  await Bun.write(join(outdir, "SHA256SUMS"), sums.join(""));
}

if (import.meta.main) await main(process.argv.slice(2));
