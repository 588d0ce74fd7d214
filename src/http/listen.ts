/** Binds the app to its addresses. */
import { networkInterfaces } from "node:os";
import { descriptorsInUse } from "../descriptors.ts";
import { AppError } from "../errors.ts";
import { answerTimeoutSeconds, connections as limits, idleTimeoutSeconds } from "../limits.ts";
import { internalError, answerError } from "./answer.ts";

export interface ListenSettings {
  /** Null: both loopback addresses. */
  host: string | null;
  port: number;
  allowHost: string[];
  /** Is told by which server a request came in, which knows from where. */
  fetch: (request: Request, server: Server) => Response | Promise<Response>;
  onBug: (cause: unknown) => void;
}

export interface Listening {
  port: number;
  url: string;
  /** The names and addresses of this machine under which it can be meant, as a URL has them. */
  names: string[];
  /** The values of Host under which this server can be meant. */
  hosts: string[];
  /** What is not as asked for, in words, such as a missing IPv6. */
  notes: string[];
  /** Lets answers under way go out, then cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

type Server = ReturnType<typeof Bun.serve>;

const loopback = ["127.0.0.1", "::1"];

/** @throws AppError `start_failed` where an address is taken, naming a port that is free. */
export function listen(settings: ListenSettings): Listening {
  const addresses = settings.host === null ? loopback : [settings.host];
  const notes: string[] = [];
  const servers: Server[] = [];
  let { port } = settings;
  for (const address of addresses) {
    if (address === "::1" && !hasAddress("::1")) {
      notes.push("this machine has no IPv6 loopback; listening on 127.0.0.1 alone");
      continue;
    }
    try {
      servers.push(bind(address, port, settings));
      port = servers[0]!.port!;
    } catch (cause) {
      for (const server of servers) void server.stop(true);
      throw taken(address, port, settings, cause);
    }
  }
  // Bun has no limit of connections. Those that were never used it closes after the idle timeout.
  const timer = setInterval(() => {
    if (descriptorsInUse() < limits.idleShare) return;
    for (const server of servers) server.closeIdleConnections();
  }, limits.lookEveryMs);
  timer.unref();
  if (!isLoopback(settings.host)) {
    notes.push(`listening on ${settings.host}: everyone who reaches this address can try keys`);
  }
  const names = [
    "localhost",
    ...loopback,
    ...(settings.host === null ? [] : [settings.host, ...ownAddresses()]),
  ].map(hostOf);
  return {
    port,
    names,
    // The name only where both of its addresses are ours: the other one may be anyone's.
    url: `http://${settings.host === null ? "localhost" : hostOf(settings.host)}:${port}`,
    // A browser leaves the port out where it is the scheme's own.
    hosts: [
      ...names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]),
      ...settings.allowHost,
    ],
    notes,
    async stop(graceMs) {
      clearInterval(timer);
      const graceful = Promise.all(servers.map((server) => server.stop()));
      await Promise.race([graceful, Bun.sleep(graceMs)]);
      await Promise.all(servers.map((server) => server.stop(true)));
    },
  };
}

function bind(hostname: string, port: number, { fetch, onBug }: ListenSettings): Server {
  return Bun.serve({
    hostname,
    port,
    fetch(request, server) {
      // Those have no body that could drip in: they are waited for until their answer is there.
      if (["GET", "DELETE"].includes(request.method)) server.timeout(request, answerTimeoutSeconds);
      return fetch(request, server);
    },
    development: false,
    // Bun shares ports outside of development: two servers would each get half of the requests.
    reusePort: false,
    idleTimeout: idleTimeoutSeconds,
    // Bun's own cap answers with an empty body; the routes hold their limits themselves.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    error(cause) {
      onBug(cause);
      return answerError(internalError());
    },
  });
}

function taken(address: string, port: number, settings: ListenSettings, cause: unknown): AppError {
  const code = (cause as { code?: string }).code;
  if (code !== "EADDRINUSE") {
    return new AppError("start_failed", `cannot listen on ${hostOf(address)}:${port} (${code})`, {
      hint: "check --host and --port",
      cause,
    });
  }
  const probe = bind(address, 0, settings);
  const free = probe.port;
  void probe.stop(true);
  return new AppError("start_failed", `port ${port} is taken on ${address}`, {
    hint: `try --port ${free}`,
    cause,
  });
}

/** @param host null for both loopback addresses. */
export function isLoopback(host: string | null): boolean {
  return host === null || host === "localhost" || host === "::1" || host.startsWith("127.");
}

function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
}

function hasAddress(address: string): boolean {
  return ownAddresses().includes(address);
}
