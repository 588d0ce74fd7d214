/** Installs emitters into the cache, once for each set of versions. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBounded } from "./process.ts";

/** Installs and builds take long where nothing is cached. */
const installSeconds = 900;

const uvVersion = "0.13.8";

/** Runs a step of an installation at low priority. @throws with the end of what it said. */
async function step(command: string[], cwd: string, env: Record<string, string> = {}) {
  mkdirSync(cwd, { recursive: true });
  const nice = process.platform === "win32" ? [] : ["nice", "-n", "15"];
  const { code, isTimeout, said } = await runBounded([...nice, ...command], {
    cwd,
    env: { ...process.env, ...env },
    seconds: installSeconds,
  });
  if (code === 0) return;
  const why = isTimeout ? "took too long" : (said.split("\n").at(-1) ?? "");
  throw new Error(`${command.slice(0, 4).join(" ")}: ${why}`);
}

/** Does the work unless it was done for the same recipe. */
async function once(dir: string, recipe: string, work: () => Promise<void>): Promise<void> {
  const stamp = join(dir, ".recipe");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === recipe) return;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  await work();
  writeFileSync(stamp, recipe);
}

export const pythonOf = (cache: string, name: string) =>
  process.platform === "win32"
    ? join(cache, "python", name, "venv/Scripts/python.exe")
    : join(cache, "python", name, "venv/bin/python");

/** A virtual environment with these packages. */
export async function installPython(cache: string, name: string, packages: string[]) {
  const uvDir = join(cache, "uv");
  await once(uvDir, uvVersion, async () => {
    await step(["python3", "-m", "venv", "venv"], uvDir);
    await step(["venv/bin/pip", "install", "--quiet", `uv==${uvVersion}`], uvDir);
  });
  const uv = join(uvDir, "venv/bin/uv");
  const dir = join(cache, "python", name);
  await once(dir, packages.join("\n"), async () => {
    await step([uv, "venv", "--quiet", "--python", "python3", "venv"], dir);
    const into = ["--quiet", "--system-certs", "--python", pythonOf(cache, name)];
    await step([uv, "pip", "install", ...into, ...packages], dir);
  });
}

export const npmBinOf = (cache: string, name: string, bin: string) =>
  join(cache, "npm", name, "node_modules/.bin", bin);

export async function installNpm(cache: string, name: string, packages: string[]) {
  const dir = join(cache, "npm", name);
  const flags = ["--no-audit", "--no-fund", "--loglevel", "error"];
  await once(dir, packages.join("\n"), () =>
    step(["npm", "install", "--prefix", dir, ...flags, ...packages], dir),
  );
}

/** Copies a program of scripts/clients to the cache and builds it there. */
export async function build(cache: string, language: string, command: string[]) {
  const source = join(import.meta.dir, language);
  const dir = join(cache, language);
  const files = [...new Bun.Glob("**/*").scanSync(source)].sort();
  const recipe = files.map((file) => readFileSync(join(source, file), "utf8")).join("\0");
  const stamp = `${command.join(" ")}\0${recipe}`;
  // The build's own cache within the folder stays.
  const isBuilt = existsSync(join(dir, ".built")) && readFileSync(join(dir, ".built"), "utf8");
  if (isBuilt === stamp) return;
  for (const file of files) cpSync(join(source, file), join(dir, file));
  await step(command, dir);
  writeFileSync(join(dir, ".built"), stamp);
}
