/**
 * How commands ask the server: the running one over HTTP, or, where none runs, an engine of their
 * own that holds the directory's lock for as long as the command lasts.
 */
import { readFileSync, realpathSync } from "node:fs";
import { requestOf, type AnswerOf, type Question, type RouteName } from "../api.ts";
import type { Config } from "../config.ts";
import { dataDirectoryFiles, readServerInfo, type ServerInfo } from "../directory/directory.ts";
import { AppError, errorCodes, type ErrorCode } from "../errors.ts";
import { createLog } from "../log.ts";
import { isSameDigest, newNonce, proofOf } from "../secrets.ts";
import { hasStore } from "../sqlite/backend/files.ts";
import { openEngine } from "./engine.ts";
import { out } from "./output.ts";

export interface Client {
  /** @throws AppError as the server answered, with the server's own words. */
  request<R extends RouteName>(route: R, question: Question<R>): Promise<Response>;
  /** @returns the JSON of the answer. @throws AppError likewise. */
  ask<R extends RouteName>(route: R, question: Question<R>): Promise<AnswerOf<R>>;
  close(): Promise<void>;
}

/** @throws AppError `start_failed`, `store_unusable` where neither way is open. */
export async function connect(config: Config): Promise<Client> {
  const running = await findServer(config.dataDir);
  return running ? connectTo(running) : connectDirectly(config);
}

/**
 * For commands that need something stored: a directory that is mistyped is not made.
 *
 * @throws AppError `not_found` where there is no store; else as `connect`.
 */
export async function connectToStore(config: Config): Promise<Client> {
  const running = await findServer(config.dataDir);
  if (running) return connectTo(running);
  if (hasStore(config.dataDir)) return connectDirectly(config);
  throw new AppError("not_found", `there is no store in ${config.dataDir}`, {
    hint: "check --data-dir; a server makes one when it starts",
  });
}

/** How long a server may take to prove itself: to be found, and before each request. */
const findTimeoutMs = 2_000;
const proofTimeoutMs = 30_000;

/** The server that the directory names, if it runs and proves that it is the one. */
export async function findServer(dataDir: string): Promise<ServerInfo | null> {
  const info = readServerInfo(dataDir);
  if (!info) return null;
  try {
    // A copy of a directory has the original's note, and its token.
    if (realpathSync(info.dataDir) !== realpathSync(dataDir)) return null;
    return (await provesItself(info, tokenOf(dataDir), findTimeoutMs)) ? info : null;
  } catch {
    return null;
  }
}

function tokenOf(dataDir: string): string {
  return readFileSync(dataDirectoryFiles(dataDir).tokenFile, "utf8").trim();
}

/**
 * Whether the server that listens there knows the token. The note of a killed server stays, and by now
 * its port may be another program's, which must not be handed the token. The lock would not tell: it
 * says that a server lives, and not that it is the one on this port.
 */
async function provesItself(
  { url }: ServerInfo,
  token: string,
  timeoutMs: number,
): Promise<boolean> {
  const nonce = newNonce();
  const response = await direct(`${url}/health?nonce=${nonce}`, {
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { proof } = (await response.json()) as { proof?: unknown };
  const expected = proofOf(token, new URL(url).host, nonce);
  return typeof proof === "string" && isSameDigest(Buffer.from(proof), Buffer.from(expected));
}

/**
 * To this machine, and so past every proxy that the environment names: it would read the token and the
 * traces. Nor does a variable of Bun's make it print them.
 */
function direct(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, proxy: false, verbose: false, redirect: "error" });
}

function connectTo(info: ServerInfo): Client {
  const token = tokenOf(info.dataDir);
  return typed({
    async send({ method, address, body }) {
      const headers = { authorization: `Bearer ${token}` };
      let response: Response;
      try {
        // Each time: between two requests the server may end and its port be taken.
        if (!(await provesItself(info, token, proofTimeoutMs))) throw new Error("no proof");
        response = await direct(`${info.url}${address}`, {
          method,
          headers,
          ...(body !== undefined && { body }),
        });
      } catch (cause) {
        throw new AppError("unreachable", `the server at ${info.url} does not answer`, {
          hint: "it may have just stopped; try again",
          cause,
        });
      }
      return checked(response);
    },
    async close() {},
  });
}

async function connectDirectly(config: Config): Promise<Client> {
  process.umask(0o077);
  const log = createLog("error", out.isErrorTerminal, out.error);
  const engine = await openEngine(config, log, {
    onShutdown: () => {},
    onCrash: (cause) => {
      throw cause;
    },
  });
  engine.hosts.add("localhost");
  return typed({
    async send({ method, address, body }) {
      const headers: Record<string, string> = {
        authorization: `Bearer ${engine.directory.token}`,
        host: "localhost",
      };
      // What a socket would say of the body, which an admission needs to know.
      if (body !== undefined) headers["content-length"] = String(Buffer.byteLength(body));
      return checked(
        await engine.app.handle(
          new Request(`http://localhost${address}`, {
            method,
            headers,
            ...(body !== undefined && { body }),
          }),
        ),
      );
    },
    async close() {
      await engine.drain();
      engine.release();
    },
  });
}

/** What requests go over. */
interface Wire {
  send(request: ReturnType<typeof requestOf>): Promise<Response>;
  close(): Promise<void>;
}

function typed({ send, close }: Wire): Client {
  return {
    request: (route, question) => send(requestOf(route, question)),
    async ask<R extends RouteName>(route: R, question: Question<R>) {
      return (await send(requestOf(route, question))).json() as Promise<AnswerOf<R>>;
    },
    close,
  };
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const { error, code, hint, issues } = (await response.json().catch(() => ({}))) as Record<
    string,
    any
  >;
  throw new AppError(
    errorCodes.includes(code) ? (code as ErrorCode) : "internal_error",
    error ?? `the server answered ${response.status}`,
    {
      hint: issues?.[0]?.message ?? hint,
      issues,
      retryAfterSeconds: Number(response.headers.get("retry-after")) || undefined,
    },
  );
}
