import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../helpers.ts";
import { expectFailure, makeDataDir, startAnnouncedServer, tealight } from "./command.ts";

/** A key that its user wrote, with all that a shell could take for its own. */
const oddKey = `it's "50%" of $HOME\\n \`id\` !x`;

async function startWithOddKey() {
  const dataDir = makeTempDir();
  writeFileSync(join(dataDir, "key"), `${oddKey}\n`);
  return startAnnouncedServer({ dataDir });
}

async function linesFor(dataDir: string, shell: string): Promise<string[]> {
  const ended = await tealight(dataDir, ["env", "--shell", shell]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toEqual({ exitCode: 0, stderr: "" });
  return ended.stdout.trimEnd().split("\n");
}

describe("env", () => {
  test("sets the variables of the shell that evaluates it", async () => {
    await using server = await startWithOddKey();
    const { stdout } = await tealight(server.dataDir, ["env"]);
    const script = `eval "$1"; sh -c 'printf "%s|%s" "$FOGLAMP_INGEST_URL" "$FOGLAMP_API_KEY"'`;
    const shell = Bun.spawnSync(["sh", "-c", script, "sh", stdout]);
    expect(shell.stderr.toString()).toBe("");
    expect(shell.stdout.toString()).toBe(`${server.info.url}/ingest|${oddKey}`);
    const sent = await fetch(`${server.info.url}/ingest`, {
      method: "POST",
      headers: { "x-api-key": oddKey },
      body: "{",
    });
    expect(sent.status).toBe(400);
  });

  test("speaks each shell's syntax", async () => {
    await using server = await startWithOddKey();
    const url = `${server.info.url}/ingest`;
    expect(await linesFor(server.dataDir, "sh")).toEqual([
      `export FOGLAMP_INGEST_URL='${url}'`,
      `export FOGLAMP_API_KEY='it'\\''s "50%" of $HOME\\n \`id\` !x'`,
      `export OTEL_EXPORTER_OTLP_ENDPOINT='${server.info.otlpUrl}'`,
      "export OTEL_EXPORTER_OTLP_PROTOCOL='http/protobuf'",
    ]);
    expect(await linesFor(server.dataDir, "fish")).toEqual([
      `set -gx FOGLAMP_INGEST_URL '${url}'`,
      `set -gx FOGLAMP_API_KEY 'it\\'s "50%" of $HOME\\\\n \`id\` !x'`,
      `set -gx OTEL_EXPORTER_OTLP_ENDPOINT '${server.info.otlpUrl}'`,
      "set -gx OTEL_EXPORTER_OTLP_PROTOCOL 'http/protobuf'",
    ]);
    expect(await linesFor(server.dataDir, "powershell")).toEqual([
      `$env:FOGLAMP_INGEST_URL = '${url}'`,
      `$env:FOGLAMP_API_KEY = 'it''s "50%" of $HOME\\n \`id\` !x'`,
      `$env:OTEL_EXPORTER_OTLP_ENDPOINT = '${server.info.otlpUrl}'`,
      "$env:OTEL_EXPORTER_OTLP_PROTOCOL = 'http/protobuf'",
    ]);
    expect((await linesFor(server.dataDir, "cmd"))[0]).toBe(`set "FOGLAMP_INGEST_URL=${url}"`);
  });

  test("--json is an object of the variables", async () => {
    await using server = await startAnnouncedServer();
    const { stdout } = await tealight(server.dataDir, ["env", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      FOGLAMP_INGEST_URL: `${server.info.url}/ingest`,
      FOGLAMP_API_KEY: server.key,
      OTEL_EXPORTER_OTLP_ENDPOINT: server.info.otlpUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    });
  });

  test("carries the key for OTLP where that asks for one, percent-encoded", async () => {
    const dataDir = makeTempDir();
    writeFileSync(join(dataDir, "key"), `${oddKey}\n`);
    await using server = await startAnnouncedServer({ dataDir, otlpAuth: "key" });
    const { stdout } = await tealight(dataDir, ["env", "--json"]);
    const [name, value] = JSON.parse(stdout).OTEL_EXPORTER_OTLP_HEADERS.split("=");
    expect(name).toBe("authorization");
    expect(value).toMatch(/^[\w%!'*().~-]+$/);
    expect(decodeURIComponent(value)).toBe(`Bearer ${server.key}`);
    const headers = { [name]: decodeURIComponent(value), "content-type": "application/json" };
    const url = `${server.info.otlpUrl}/v1/traces`;
    expect((await fetch(url, { method: "POST", headers, body: "{}" })).status).toBe(200);
  });

  test("ends with 3 where no server runs, and starts none", async () => {
    await using home = makeDataDir();
    const ended = await tealight(home.dir, ["env"]);
    expectFailure(ended, 3, `no server runs in ${home.dir}`);
    expect(ended.stderr).toContain(
      `hint: start it with \`tealight serve --data-dir '${home.dir}'\``,
    );
  });
});
