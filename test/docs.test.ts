import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { flagOf, settingNames, variableOf } from "../src/config.ts";
import { viewerPaths } from "../src/http/viewer.ts";
import { startServer } from "./helpers.ts";

const readme = readFileSync(join(import.meta.dir, "../README.md"), "utf8");

test("the README names every flag with its variable", () => {
  const missing = settingNames.filter(
    (name) => !readme.includes(`| \`--${flagOf(name)}\` | \`${variableOf(name)}\` |`),
  );
  expect(missing).toEqual([]);
});

test("the README names every route", async () => {
  await using server = await startServer();
  const missing = server.engine.app.routes
    .filter(
      ({ method, path }) =>
        !viewerPaths.has(path) &&
        !new RegExp(
          `${method}[^\`]*${RegExp.escape(path)}|${method}[, A-Z]+${RegExp.escape(path)}`,
        ).test(readme),
    )
    .map(({ method, path }) => `${method} ${path}`);
  expect(missing).toEqual([]);
});
