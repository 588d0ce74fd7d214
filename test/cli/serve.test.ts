import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { homeFiles } from "../../src/store/home.ts";
import { version } from "../../src/version.ts";
import { makeDataDir, runningServer, spawnTealight, tealightOnTerminal } from "./command.ts";

/** Serves until it has said all it says at the start, then ends it. */
async function serve(dataDir: string, args: string[], isAllSaid: (stdout: string) => boolean) {
  const child = spawnTealight(dataDir, [...args, "--port", "0"]);
  const stderr = child.stderr.text();
  let stdout = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    if (isAllSaid(stdout)) break;
  }
  const info = runningServer(dataDir);
  child.kill("SIGTERM");
  return { stdout, info, exitCode: await child.exited, stderr: await stderr };
}

const secretsOf = (dataDir: string) => {
  const { keyFile, tokenFile } = homeFiles(dataDir);
  return {
    key: readFileSync(keyFile, "utf8").trim(),
    token: readFileSync(tokenFile, "utf8").trim(),
  };
};

describe("serve", () => {
  test("says in a pipe where it is and which files hold the secrets, but not the secrets", async () => {
    await using home = makeDataDir();
    const { stdout, info, exitCode } = await serve(home.dir, [], (text) => text.includes("Ctrl-C"));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`listens on ${info.url}\n`);
    expect(stdout).toContain(`data   ${home.dir}\n`);
    expect(stdout).toContain(`token  in ${info.tokenFile}\n`);
    expect(stdout).toContain(`FOGLAMP_INGEST_URL=${info.url}/ingest\n`);
    expect(stdout).toContain(`FOGLAMP_API_KEY=$(cat '${info.keyFile}')\n`);
    const { key, token } = secretsOf(home.dir);
    expect(stdout).not.toContain(key);
    expect(stdout).not.toContain(token);
  });

  test("shows the key and the token on a terminal", async () => {
    await using home = makeDataDir();
    const { exitCode, output } = await tealightOnTerminal(home.dir, ["--port", "0"], (text) =>
      text.includes("Ctrl-C"),
    );
    expect(exitCode).toBe(0);
    const { key, token } = secretsOf(home.dir);
    expect(output).toContain(`FOGLAMP_API_KEY=${key}`);
    expect(output).toContain(`token  ${token}`);
    expect(output).toContain("stopping why=SIGTERM");
  });

  test("--json is one line that names url, ports, pid and files", async () => {
    await using home = makeDataDir();
    const { stdout, info } = await serve(home.dir, ["serve", "--json"], (text) =>
      text.includes("\n"),
    );
    expect(stdout).toEndWith("}\n");
    const line = JSON.parse(stdout);
    expect(line).toEqual(info);
    expect(line).toMatchObject({ version, dataDir: home.dir, ...homeFilesShown(home.dir) });
    expect(line.url).toBe(`http://localhost:${line.port}`);
  });

  test("logs lines of JSON in a pipe", async () => {
    await using home = makeDataDir();
    const { stderr } = await serve(home.dir, ["serve", "--json"], (text) => text.includes("\n"));
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ level: "info", message: "stopping", why: "SIGTERM" });
  });

  test("keeps what it writes to its user, and takes its announcement back", async () => {
    await using home = makeDataDir();
    const data = join(home.dir, "made", "by", "serve");
    await serve(data, ["serve", "--json"], (text) => text.includes("\n"));
    expect(statSync(data).mode & 0o777).toBe(0o700);
    const files = readdirSync(data).sort();
    expect(files).toEqual(["key", "lock.db", "tealight.db", "token"]);
    for (const file of files) expect(statSync(join(data, file)).mode & 0o777).toBe(0o600);
  });

  test("keeps its key and token from start to start", async () => {
    await using home = makeDataDir();
    const isReady = (text: string) => text.includes("\n");
    await serve(home.dir, ["serve", "--json"], isReady);
    const first = secretsOf(home.dir);
    await serve(home.dir, ["serve", "--json"], isReady);
    expect(secretsOf(home.dir)).toEqual(first);
    expect(first.key).toMatch(/^fl_[\w-]{32}$/);
    expect(first.token).toMatch(/^tl_[\w-]{32}$/);
  });
});

function homeFilesShown(dataDir: string) {
  const { keyFile, tokenFile } = homeFiles(dataDir);
  return { keyFile, tokenFile };
}
