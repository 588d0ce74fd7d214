/**
 * Every setting in one table: its flag, its environment variable, its default, its check. Flags win
 * over the environment, that over config.toml, that over defaults. The only reader of the
 * environment.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Value } from "@sinclair/typebox/value";
import envPaths from "env-paths";
import type { Durability } from "./backend/writer.ts";
import { AppError } from "./errors.ts";
import { maxBodyBytesDefault, minSecretLength } from "./limits.ts";
import { logLevels, type LogLevel } from "./log.ts";
import { rateOf } from "./pricing/money.ts";
import { PriceRule } from "./pricing/rules.ts";
import { shellQuoted } from "./shell.ts";
import { isCompiled } from "./version.ts";

/** What a flag, a variable or a line of the file can set. */
export interface Settings {
  /** Null: both loopback addresses. */
  host: string | null;
  port: number;
  /** 0: off. */
  otlpPort: number;
  otlpGrpcPort: number;
  /** Null: open where only this machine can connect. */
  otlpAuth: "open" | "key" | null;
  dataDir: string;
  apiKey: string | null;
  token: string | null;
  allowHost: string[];
  allowOrigin: string[];
  maxBodyBytes: number;
  rateLimit: number | null;
  durability: Durability;
  unknownFields: "reject" | "keep";
  /** In bytes. Null: the smaller of a size and a share of the disk. */
  minFreeDisk: number | null;
  logLevel: LogLevel;
}

export interface Config extends Settings {
  /** Prices of the user's own, which only the file has. */
  priceRules: PriceRule[];
}

interface Setting<T> {
  /** What stands behind the flag in the help. */
  value: string;
  help: string;
  fallback: T;
  /** @throws Expected */
  parse: (text: string) => T;
  isSecret?: boolean;
}

/** What a bad value should have been. */
class Expected extends Error {}

const paths = envPaths("tealight", { suffix: "" });

const integer = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new Expected(`a whole number from ${min} to ${max}`);
  return value;
};

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string) => {
    if (!choices.includes(text as T)) throw new Expected(choices.join(" or "));
    return text as T;
  };

const secret = (text: string) => {
  if (text.length < minSecretLength) throw new Expected(`at least ${minSecretLength} characters`);
  return text;
};

const list = (text: string) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

const present = (text: string) => {
  if (text === "") throw new Expected("a value");
  return text;
};

/** In the order of the help. */
export const settings: { [K in keyof Settings]: Setting<Settings[K]> } = {
  host: {
    value: "<address>",
    help: "address to listen on (default: 127.0.0.1 and ::1)",
    fallback: null,
    // The name means both addresses.
    parse: (text) => (present(text) === "localhost" ? null : text),
  },
  port: {
    value: "<port>",
    help: "port; 0 picks a free one (default: 4000)",
    fallback: 4000,
    parse: integer(0, 65535),
  },
  otlpPort: {
    value: "<port>",
    help: "port for OTLP/HTTP beside the other; 0: off (default: 4318)",
    fallback: 4318,
    parse: integer(0, 65535),
  },
  otlpGrpcPort: {
    value: "<port>",
    help: "port for OTLP/gRPC; 0: off (default: 4317)",
    fallback: 4317,
    parse: integer(0, 65535),
  },
  otlpAuth: {
    value: "<open|key>",
    help: "open: programs may send OTLP without a key (default on loopback)",
    fallback: null,
    parse: oneOf("open", "key"),
  },
  dataDir: {
    value: "<dir>",
    help: `where everything is kept (default: ${paths.data})`,
    fallback: paths.data,
    parse: (text) => resolve(present(text)),
  },
  apiKey: {
    value: "<key>",
    help: "one more ingest key of the default project, never stored",
    fallback: null,
    parse: secret,
    isSecret: true,
  },
  token: {
    value: "<token>",
    help: "one more operator token, never stored",
    fallback: null,
    parse: secret,
    isSecret: true,
  },
  allowHost: {
    value: "<host:port,…>",
    help: "more values of Host to serve, exact",
    fallback: [],
    parse: list,
  },
  allowOrigin: {
    value: "<origin,…>",
    help: "origins whose pages may send traces, exact",
    fallback: [],
    parse: list,
  },
  maxBodyBytes: {
    value: "<bytes>",
    help: `largest request body (default: ${maxBodyBytesDefault})`,
    fallback: maxBodyBytesDefault,
    parse: integer(1024, 2 ** 30),
  },
  rateLimit: {
    value: "<spans>",
    help: "spans per second and key (default: off)",
    fallback: null,
    parse: (text) => (text === "off" ? null : integer(1, 1e9)(text)),
  },
  durability: {
    value: "<process|full>",
    help: "full: survives a power cut, too (default: process)",
    fallback: "process",
    parse: oneOf("process", "full"),
  },
  unknownFields: {
    value: "<reject|keep>",
    help: "keep: newer clients' fields are kept as attributes (default: keep)",
    fallback: "keep",
    parse: oneOf("reject", "keep"),
  },
  minFreeDisk: {
    value: "<bytes>",
    help: "new spans are refused below so much free space (default: 200 MB, at most 1 % of the disk)",
    fallback: null,
    parse: integer(0, 2 ** 50),
  },
  logLevel: {
    value: `<${logLevels.join("|")}>`,
    help: "what is logged (default: info)",
    fallback: "info",
    parse: oneOf(...logLevels),
  },
};

export type SettingName = keyof Settings;

export const settingNames = Object.keys(settings) as SettingName[];

type SecretName = "apiKey" | "token";

/** What a file of its own can hold, too: a command line is seen by all users of a machine. */
export const secretNames = settingNames.filter((name) => settings[name].isSecret) as SecretName[];

/** What the command line has, by the setting or by the file that holds it. */
export type Flags = Partial<Record<SettingName | `${SecretName}File`, string>>;

/** `maxBodyBytes` → `max-body-bytes`: the flag and the key in config.toml. */
export function flagOf(name: keyof Flags): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `maxBodyBytes` → `TEALIGHT_MAX_BODY_BYTES`. */
export function variableOf(name: keyof Flags): string {
  return `TEALIGHT_${flagOf(name).replaceAll("-", "_").toUpperCase()}`;
}

export const configFile = join(paths.config, "config.toml");

/**
 * @param flags by setting name, as the command line has them.
 * @throws AppError `config_invalid`, naming the field, the value and where it came from.
 */
export function resolveConfig(
  flags: Flags,
  env: Record<string, string | undefined> = process.env,
  file: string = configFile,
): Config {
  const { prices, ...fromFile } = readConfigFile(file);
  const sourcesOf = (name: keyof Flags): Source[] => [
    [flags[name], `--${flagOf(name)}`],
    [env[variableOf(name)], variableOf(name)],
    [fromFile[flagOf(name)], file],
  ];
  const resolved = settingNames.map((name) => {
    const isSecret = secretNames.some((secret) => secret === name);
    const sources = isSecret ? withFiles(name as SecretName, sourcesOf) : sourcesOf(name);
    const [text, from] = sources.find(([value]) => value !== undefined) ?? [undefined, ""];
    return [name, text === undefined ? settings[name].fallback : parseSetting(name, text, from)];
  });
  return { ...(Object.fromEntries(resolved) as Settings), priceRules: priceRulesOf(prices, file) };
}

type Source = [text: string | undefined, from: string];

/** The sources of a secret, of which each may name a file instead; the first that says something is read. */
function withFiles(name: SecretName, sourcesOf: (name: keyof Flags) => Source[]): Source[] {
  const files = sourcesOf(`${name}File`);
  for (const [i, [text, from]] of sourcesOf(name).entries()) {
    const [path, pathFrom] = files[i]!;
    if (text !== undefined && path !== undefined) {
      const both = `both ${flagOf(name)} and ${flagOf(`${name}File`)} are given`;
      throw new AppError("config_invalid", `${both} (from ${from})`, { hint: "give one of them" });
    }
    if (path !== undefined) return [[readSecret(path, pathFrom), pathFrom]];
    if (text !== undefined) return [[text, from]];
  }
  return [];
}

/** @param path `-` for standard input, which only a flag can mean. */
function readSecret(path: string, from: string): string {
  try {
    return readFileSync(path === "-" && from.startsWith("--") ? 0 : path, "utf8").trim();
  } catch (cause) {
    const shown = path === "-" ? "standard input" : path;
    const why = (cause as { code?: string }).code ?? (cause as Error).name;
    throw new AppError("config_invalid", `cannot read ${shown} (${why}, from ${from})`, {
      hint: "name a file with the secret and nothing else",
      cause,
    });
  }
}

/**
 * A debugger that the environment asks for is open by now, to every user of this machine.
 *
 * @throws AppError `config_invalid`, whereupon the process and the debugger end.
 */
export function refuseDebugger(env: Record<string, string | undefined> = process.env): void {
  if (!isCompiled || !env.BUN_INSPECT) return;
  const what = "BUN_INSPECT opens a debugger, through which others could read all that is stored";
  throw new AppError("config_invalid", what, { hint: "unset it for this command" });
}

function parseSetting(name: SettingName, text: string, from: string): unknown {
  const setting = settings[name];
  try {
    return setting.parse(text);
  } catch (cause) {
    if (!(cause instanceof Expected)) throw cause;
    const shown = setting.isSecret ? "" : ` ${JSON.stringify(text.slice(0, 100))}`;
    throw new AppError("config_invalid", `invalid ${flagOf(name)}${shown} (from ${from})`, {
      hint: `expected ${cause.message}`,
    });
  }
}

/** `[[prices]]` tables: patterns, and USD per million tokens, per image, search and request. */
function priceRulesOf(tables: unknown, file: string): PriceRule[] {
  if (tables === undefined) return [];
  const createdAt = Math.floor(statSync(file).mtimeMs);
  if (!Array.isArray(tables)) throw badPrice(file, 1);
  return tables.map((table: Record<string, unknown>, i) => {
    // Without a model it would be the price of all of them, which nobody means by accident.
    const { provider = "*", model, ...prices } = table;
    const decimals = Object.entries(prices).map(([kind, usd]) => [camelOf(kind), decimalOf(usd)]);
    const rule = {
      id: `config:${i + 1}`,
      provider,
      model,
      prices: Object.fromEntries(decimals),
      createdAt,
    };
    if (!Value.Check(PriceRule, rule)) throw badPrice(file, i + 1);
    return rule;
  });
}

/** `cache-read`, as the flags have it, and `cacheRead`, as the API does. */
function camelOf(kind: string): string {
  return kind.replace(/-([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}

/** A number of the file without an exponent; what is no number is refused by the check. */
function decimalOf(usd: unknown): unknown {
  const isNumber = typeof usd === "number" && Number.isFinite(usd) && usd >= 0;
  return isNumber ? rateOf(String(usd), 0).unitPrice : usd;
}

function badPrice(file: string, number: number): AppError {
  return new AppError("config_invalid", `invalid price no. ${number} (from ${file})`, {
    hint: 'expected [[prices]] with model = "…", provider = "…" if need be, and USD for input, output, cache-read, cache-write, reasoning, image, search, request or another kind that `tealight prices set --help` lists',
  });
}

function readConfigFile(file: string): Record<string, string> & { prices?: unknown } {
  if (!existsSync(file)) return {};
  let values: Record<string, unknown>;
  try {
    values = Bun.TOML.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    // The parser quotes a value without quotes, which may be a key or a token.
    const why = (cause as Error).message.replace(/(: )?".*/s, "");
    throw new AppError("config_invalid", `cannot read ${file}: ${why}`, { cause });
  }
  const { prices, ...flat } = values;
  const names = [...settingNames, ...secretNames.map((name) => `${name}File` as const)];
  const known = new Set(names.map(flagOf));
  const unknown = Object.keys(flat).find((key) => !known.has(key));
  if (unknown !== undefined) {
    throw new AppError(
      "config_invalid",
      `unknown setting ${JSON.stringify(unknown)} (from ${file})`,
      {
        hint: `known: ${[...known].join(", ")}`,
      },
    );
  }
  const texts = Object.entries(flat).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.join(",") : String(value),
  ]);
  return { ...Object.fromEntries(texts), prices };
}

/** A command to copy that means this data directory, in words of the shell. */
export function commandFor(words: string, dataDir: string): string {
  const where = dataDir === paths.data ? "" : ` --data-dir ${shellQuoted(dataDir)}`;
  return `tealight ${words}${where}`;
}
