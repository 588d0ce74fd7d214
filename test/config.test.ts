/** Where a setting comes from, and what is said of one that is wrong. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  configFile,
  flagOf,
  resolveConfig,
  settingNames,
  settings,
  variableOf,
  type Settings,
  type SettingName,
} from "../src/config.ts";
import { AppError } from "../src/errors.ts";
import { makeTempDir } from "./helpers.ts";

const dir = makeTempDir();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
function writeConfig(toml: string): string {
  const file = join(dir, `config-${++files}.toml`);
  writeFileSync(file, toml);
  return file;
}

const none = join(dir, "none.toml");

/** Three values that differ from each other and from the default, as text and as the setting. */
const examples: { [K in SettingName]: [text: string, value: Settings[K]][] } = {
  host: [
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["0.0.0.0", "0.0.0.0"],
  ],
  port: [
    ["0", 0],
    ["1", 1],
    ["65535", 65535],
  ],
  otlpPort: [
    ["0", 0],
    ["1", 1],
    ["4400", 4400],
  ],
  otlpGrpcPort: [
    ["0", 0],
    ["1", 1],
    ["4400", 4400],
  ],
  otlpAuth: [
    ["open", "open"],
    ["key", "key"],
    ["open", "open"],
  ],
  dataDir: [
    ["/one", resolve("/one")],
    ["two", resolve("two")],
    ["./three/../four", resolve("four")],
  ],
  apiKey: [
    ["k".repeat(16), "k".repeat(16)],
    ["an api key with spaces", "an api key with spaces"],
    ["schlüssel-schlüssel", "schlüssel-schlüssel"],
  ],
  token: [
    ["t".repeat(16), "t".repeat(16)],
    ["a token, with a comma", "a token, with a comma"],
    ["tl_tl_tl_tl_tl_tl_tl", "tl_tl_tl_tl_tl_tl_tl"],
  ],
  allowHost: [
    ["a:1", ["a:1"]],
    ["a:1,b:2", ["a:1", "b:2"]],
    [" c:3 , ,d:4,", ["c:3", "d:4"]],
  ],
  allowOrigin: [
    ["http://a", ["http://a"]],
    ["http://a,http://b", ["http://a", "http://b"]],
    ["http://c:1", ["http://c:1"]],
  ],
  maxBodyBytes: [
    ["1024", 1024],
    ["20971520", 20 * 1024 * 1024],
    ["1073741824", 2 ** 30],
  ],
  rateLimit: [
    ["1", 1],
    ["1000000000", 1e9],
    ["100", 100],
  ],
  durability: [
    ["full", "full"],
    ["process", "process"],
    ["full", "full"],
  ],
  unknownFields: [
    ["keep", "keep"],
    ["reject", "reject"],
    ["keep", "keep"],
  ],
  minFreeDisk: [
    ["0", 0],
    ["1", 1],
    ["5000000000", 5e9],
  ],
  logLevel: [
    ["debug", "debug"],
    ["silent", "silent"],
    ["error", "error"],
  ],
};

const wrong: { [K in SettingName]: string[] } = {
  host: [""],
  port: ["", "-1", "65536", "1.5", "1e3", "0x10", " 4000", "4000 ", "http", "99999999999999999999"],
  otlpPort: ["", "-1", "65536", "off"],
  otlpGrpcPort: ["", "-1", "65536", "off"],
  otlpAuth: ["", "none", "OPEN"],
  dataDir: [""],
  apiKey: ["", "x".repeat(15)],
  token: ["", "x".repeat(15)],
  allowHost: [],
  allowOrigin: [],
  maxBodyBytes: ["", "0", "1023", "1073741825", "10MB", "-1", "1e6", "Infinity"],
  rateLimit: ["", "0", "-1", "1.5", "1000000001", "none", "OFF"],
  durability: ["", "Full", "none", "fsync"],
  unknownFields: ["", "drop", "true", "KEEP"],
  minFreeDisk: ["", "-1", "200MB", "1%", "off"],
  logLevel: ["", "trace", "INFO", "0"],
};

function refusal(...args: Parameters<typeof resolveConfig>): AppError {
  try {
    resolveConfig(...args);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
    throw cause;
  }
  throw new Error("the settings were taken");
}

describe.each(settingNames)("%s", (name) => {
  const variable = variableOf(name);
  const [first, second, third] = examples[name];

  test("comes from its flag, else the environment, else the file, else the default", () => {
    const file = writeConfig(`${flagOf(name)} = ${JSON.stringify(third![0])}`);
    const flags = { [name]: first![0] };
    const env = { [variable]: second![0] };
    const of = (...args: Parameters<typeof resolveConfig>) => resolveConfig(...args)[name];
    expect(of(flags, env, file)).toEqual(first![1]);
    expect(of(flags, {}, none)).toEqual(first![1]);
    expect(of({}, env, file)).toEqual(second![1]);
    expect(of({}, env, none)).toEqual(second![1]);
    expect(of({}, {}, file)).toEqual(third![1]);
    expect(of({}, {}, none)).toEqual(settings[name].fallback);
    // Only this one setting is touched.
    const { [name]: _, ...rest } = resolveConfig(flags, env, file);
    const { [name]: __, ...defaults } = resolveConfig({}, {}, none);
    expect(rest).toEqual(defaults as typeof rest);
  });

  test("that is wrong is named with its value and where it came from", () => {
    const flag = `--${flagOf(name)}`;
    for (const text of wrong[name]) {
      const file = writeConfig(`${flagOf(name)} = ${JSON.stringify(text)}`);
      for (const [error, from] of [
        [refusal({ [name]: text }, {}, none), flag],
        [refusal({}, { [variable]: text }, none), variable],
        [refusal({}, {}, file), file],
      ] as const) {
        expect(error).toMatchObject({ code: "config_invalid", exitCode: 2 });
        expect(error.hint).toStartWith("expected ");
        const shown = settings[name].isSecret ? "" : ` ${JSON.stringify(text)}`;
        expect(error.message).toBe(`invalid ${flagOf(name)}${shown} (from ${from})`);
      }
    }
  });

  test("that is wrong in one place does not matter where another wins", () => {
    for (const text of wrong[name]) {
      const file = writeConfig(`${flagOf(name)} = ${JSON.stringify(text)}`);
      expect(resolveConfig({ [name]: first![0] }, { [variable]: text }, file)[name]).toEqual(
        first![1],
      );
    }
  });
});

test("flags and variables are named after the setting", () => {
  expect(flagOf("maxBodyBytes")).toBe("max-body-bytes");
  expect(variableOf("maxBodyBytes")).toBe("TEALIGHT_MAX_BODY_BYTES");
  expect(new Set(settingNames.map(variableOf)).size).toBe(settingNames.length);
});

test("the defaults are those of the manual", () => {
  expect(resolveConfig({}, {}, none)).toEqual({
    host: null,
    port: 4000,
    otlpPort: 4318,
    otlpGrpcPort: 4317,
    otlpAuth: null,
    dataDir: expect.stringContaining("tealight"),
    apiKey: null,
    token: null,
    allowHost: [],
    allowOrigin: [],
    maxBodyBytes: 10_485_760,
    rateLimit: null,
    durability: "process",
    unknownFields: "keep",
    minFreeDisk: null,
    logLevel: "info",
    priceRules: [],
  });
  expect(configFile).toEndWith("config.toml");
  expect(configFile).toContain("tealight");
});

test("a rate limit can be switched off where a file has one", () => {
  const file = writeConfig("rate-limit = 10");
  expect(resolveConfig({}, {}, file).rateLimit).toBe(10);
  expect(resolveConfig({ rateLimit: "off" }, {}, file).rateLimit).toBeNull();
});

test("a long wrong value is shown in part", () => {
  const error = refusal({ port: "9".repeat(10_000) }, {}, none);
  expect(error.message.length).toBeLessThan(200);
});

test("variables of others are not read", () => {
  const env = { PORT: "1", TEALIGHT: "1", TEALIGHT_PORTS: "1", tealight_port: "1" };
  expect(resolveConfig({}, env, none)).toEqual(resolveConfig({}, {}, none));
});

describe("the file", () => {
  test("may use the types of TOML", () => {
    const file = writeConfig(
      [
        "# a comment",
        "port = 4001",
        'allow-host = ["a:1", "b:2"]',
        'durability = "full"',
        "max-body-bytes = 2_000_000",
      ].join("\n"),
    );
    expect(resolveConfig({}, {}, file)).toMatchObject({
      port: 4001,
      allowHost: ["a:1", "b:2"],
      durability: "full",
      maxBodyBytes: 2_000_000,
    });
    expect(resolveConfig({}, {}, writeConfig(""))).toEqual(resolveConfig({}, {}, none));
  });

  test.each(["port = true", "port = 1.5", "[port]\na = 1", "port = [1, 2]", "port = -1"])(
    "may not hold another kind of value: %j",
    (toml) => {
      const file = writeConfig(toml);
      const { code, message } = refusal({}, {}, file);
      expect(code).toBe("config_invalid");
      expect(message).toStartWith("invalid port ");
      expect(message).toEndWith(`(from ${file})`);
    },
  );

  test("may not hold a setting that there is not, even where flags win", () => {
    for (const [toml, key] of [
      ["prot = 4001", "prot"],
      ["maxBodyBytes = 5000", "maxBodyBytes"],
      ["[server]\nport = 1", "server"],
      ["__proto__ = 1", "__proto__"],
    ] as const) {
      const file = writeConfig(toml);
      const { code, message, hint } = refusal({ port: "4000" }, {}, file);
      expect(code).toBe("config_invalid");
      expect(message).toBe(`unknown setting "${key}" (from ${file})`);
      expect(hint).toContain("max-body-bytes");
    }
  });

  test("must be TOML", () => {
    for (const toml of ["port", "port = ", "port: 4001", '{"port": 4001}', "port = 1\nport = 2"]) {
      const file = writeConfig(toml);
      const { code, message } = refusal({}, {}, file);
      expect(code).toBe("config_invalid");
      expect(message).toStartWith(`cannot read ${file}: `);
      expect(message).not.toContain("\n");
    }
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "that cannot be read is an error, not a default",
    () => {
      const file = writeConfig("port = 4001");
      chmodSync(file, 0);
      expect(refusal({}, {}, file).message).toStartWith(`cannot read ${file}: `);
    },
  );

  test("that is a directory is an error, not a default", () => {
    expect(refusal({}, {}, dir).message).toStartWith(`cannot read ${dir}: `);
  });
});

describe("a secret is never shown", () => {
  const secret = "s3cret-marker";

  test.each(["apiKey", "token"] as const)("of %s", (name) => {
    const key = flagOf(name);
    const errors = [
      refusal({ [name]: secret }, {}, none),
      refusal({}, { [variableOf(name)]: secret }, none),
      ...[
        `${key} = "${secret}"`,
        `${key} = ${secret}`,
        `${key} = ${secret} ${secret}`,
        `${key} = "${secret}`,
        `${key} = '${secret}'${secret}`,
        `${key} = ["${secret}"]`,
        `${key} = "${secret}-${secret}"\n${key} = "${secret}-${secret}"`,
        `${key} ${secret}`,
        `${key} = "${secret}-${secret}"\nport = "x"`,
      ].map((toml) => refusal({}, {}, writeConfig(toml))),
    ];
    for (const { message, hint } of errors) {
      expect(message).not.toContain(secret);
      expect(hint ?? "").not.toContain(secret);
    }
  });
});

describe.each(["apiKey", "token"] as const)("%s in a file of its own", (name) => {
  const [option, variable] = [flagOf(`${name}File`), variableOf(`${name}File`)];
  const path = join(dir, name);
  const secretOf = (...args: Parameters<typeof resolveConfig>) => resolveConfig(...args)[name];
  writeFileSync(path, "  a secret of a file\n");

  test("comes from where its flag, the environment or config.toml says", () => {
    expect(option).toEndWith("-file");
    expect(secretOf({ [`${name}File`]: path }, {}, none)).toBe("a secret of a file");
    expect(secretOf({}, { [variable]: path }, none)).toBe("a secret of a file");
    const file = writeConfig(`${option} = ${JSON.stringify(path)}`);
    expect(secretOf({}, {}, file)).toBe("a secret of a file");
  });

  test("wins over the secret where that comes later, and is not even read where it comes later", () => {
    const secret = "a secret by itself";
    const flag = { [`${name}File`]: path };
    expect(secretOf(flag, { [variableOf(name)]: secret }, none)).toBe("a secret of a file");
    expect(secretOf({ [name]: secret }, { [variable]: "/none" }, none)).toBe(secret);
    const file = writeConfig(`${flagOf(name)} = ${JSON.stringify(secret)}`);
    expect(secretOf({}, { [variable]: path }, file)).toBe("a secret of a file");
  });

  test("is refused beside the secret in the same place, and where it cannot be read or is too short", () => {
    const both = refusal({ [name]: "a secret by itself", [`${name}File`]: path }, {}, none);
    expect(both.message).toBe(
      `both ${flagOf(name)} and ${option} are given (from --${flagOf(name)})`,
    );
    const missing = refusal({}, { [variable]: "/none" }, none);
    expect(missing.message).toBe(`cannot read /none (ENOENT, from ${variable})`);
    // Only a command line can mean standard input.
    expect(refusal({}, { [variable]: "-" }, none).message).toContain("ENOENT");
    const short = join(dir, "short");
    writeFileSync(short, "s3cret-marker");
    const { message, hint } = refusal({ [`${name}File`]: short }, {}, none);
    expect(message).toBe(`invalid ${flagOf(name)} (from --${option})`);
    expect(hint).toBe("expected at least 16 characters");
  });
});

describe("prices in the file", () => {
  const rulesOf = (toml: string) => resolveConfig({}, {}, writeConfig(toml)).priceRules;

  test("are rules, by numbers or decimals", () => {
    const toml =
      '[[prices]]\nmodel = "llama*"\ninput = 0\noutput = "0.25"\n[[prices]]\nprovider = "openai"\nmodel = "*"\ncache-read = 0.0000005\ncache-write-1h = 2';
    expect(rulesOf(toml)).toEqual([
      {
        id: "config:1",
        provider: "*",
        model: "llama*",
        prices: { input: "0", output: "0.25" },
        createdAt: expect.any(Number),
      },
      {
        id: "config:2",
        provider: "openai",
        model: "*",
        prices: { cacheRead: "0.0000005", cacheWrite1h: "2" },
        createdAt: expect.any(Number),
      },
    ]);
  });

  test.each([
    "prices = 1",
    "[[prices]]",
    '[[prices]]\nmodel = "m"\ninput = -1',
    "[[prices]]\ninput = 1",
    '[[prices]]\nmodel = "m"\nsun = "1"',
  ])("%j is refused with its place", (toml) => {
    const file = writeConfig(toml);
    expect(refusal({}, {}, file).message).toBe(`invalid price no. 1 (from ${file})`);
  });
});
