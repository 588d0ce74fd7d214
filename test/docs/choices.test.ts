/** Lists in the manual that are shorter than a table: all that can be chosen, sent or heard is named. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientVariables, shells } from "../../src/cli/env.ts";
import { resolveConfig } from "../../src/config.ts";
import type { ServerInfo } from "../../src/directory/directory.ts";
import { makeDataDir } from "../cli/command.ts";
import { startServer } from "../helpers.ts";
import { blocksIn, codeIn, page, rowsOf } from "./markdown.ts";

const sorted = (texts: Iterable<string>) => [...texts].sort();

test("each variable that `tealight env` prints has a row", async () => {
  await using home = makeDataDir();
  const keyFile = join(home.dir, "key");
  writeFileSync(keyFile, "key");
  const url = "http://localhost:4000";
  const otlpUrl = "http://localhost:4318";
  const variables = clientVariables({ keyFile, url, otlpUrl, otlpAuth: "key" } as ServerInfo);
  const rows = rowsOf(page("sending"), "variable");
  expect(sorted(rows.map(({ variable }) => codeIn(variable!)[0]!))).toEqual(
    sorted(Object.keys(variables)),
  );
  for (const row of rows) {
    const [name, value] = Object.values(row).map((cell) => codeIn(cell)[0]);
    if (value !== undefined) expect([name, value]).toEqual([name, variables[name!]]);
  }
  const env = rowsOf(page("commands"), "command").find(({ command }) => command === "`env`")!;
  expect(codeIn(env["what it does"]!)).toEqual([...shells]);
});

test("the example of config.toml is one", async () => {
  await using home = makeDataDir();
  const file = join(home.dir, "config.toml");
  writeFileSync(file, blocksIn(page("configuration"))[0]!);
  expect(resolveConfig({}, {}, file)).toMatchObject({
    port: 4001,
    allowOrigin: ["https://app.example"],
    priceRules: [{ model: "llama*", prices: { input: "0", output: "0" } }],
  });
});

test("what a route can be asked with by name is named", async () => {
  await using server = await startServer();
  const rows = rowsOf(page("api"), "route");
  const said = (route: string) => {
    const row = rows.find(({ route: named }) => named === `\`${route}\``)!;
    return Object.values(row).at(-1)!;
  };
  const { paths } = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as any;
  const choicesOf = (path: string, name: string): string[] =>
    paths[path].get.parameters
      .find((parameter: any) => parameter.name === name)
      .schema.anyOf.map((choice: any) => choice.const);

  const sorts = choicesOf("/api/traces", "sort").filter((sort) => !sort.startsWith("-"));
  expect(codeIn(said("GET /api/traces"))).toEqual(expect.arrayContaining(sorts));
  for (const by of choicesOf("/api/stats", "by")) expect(said("GET /api/stats")).toContain(by);
  const field = paths["/api/traces/{trace}/spans/{span}/payloads/{field}"].get.parameters[2];
  const fields = field.description.replace("One of ", "").split(", ");
  expect(codeIn(said("GET /api/traces/:trace/spans/:span/payloads/:field"))).toEqual(
    expect.arrayContaining(fields),
  );

  const events = rowsOf(page("api"), "event").map(({ event }) => codeIn(event!)[0]!);
  const stream = paths["/api/live"].get.responses["200"].content["text/event-stream"];
  const sent = [...stream.schema.description.matchAll(/(\w+) \{/g)].map(([, name]) => name);
  expect(sorted(events)).toEqual(sorted(sent));
});
