import { expect, test } from "bun:test";
import { flagOf, settingNames, variableOf, type SettingName } from "../../src/config.ts";
import { expectFailure, makeDataDir, tealight } from "./command.ts";

/** For each setting a value that is refused, so that the answer shows what was understood. */
const refused: Partial<Record<SettingName, string>> = {
  port: "70000",
  otlpPort: "70000",
  otlpGrpcPort: "x",
  otlpAuth: "closed",
  apiKey: "short",
  token: "short",
  maxBodyBytes: "1",
  rateLimit: "0",
  durability: "most",
  unknownFields: "some",
  logLevel: "loud",
};

test.each(Object.entries(refused) as [SettingName, string][])(
  "serve takes %s as a flag with a value, and from the environment",
  async (name, value) => {
    await using home = makeDataDir();
    const flag = await tealight(home.dir, ["serve", `--${flagOf(name)}`, value]);
    expectFailure(flag, 2, `invalid ${flagOf(name)}`);
    expect(flag.stderr).toContain(`(from --${flagOf(name)})`);
    const variable = await tealight(home.dir, ["serve"], { env: { [variableOf(name)]: value } });
    expectFailure(variable, 2, `invalid ${flagOf(name)}`);
    expect(variable.stderr).toContain(`(from ${variableOf(name)})`);
  },
);

test("every flag of serve says that it takes a value", async () => {
  await using home = makeDataDir();
  const { stdout } = await tealight(home.dir, ["serve", "--help"]);
  const without = settingNames.filter((name) => !stdout.includes(`--${flagOf(name)} <`));
  expect(without).toEqual([]);
});
