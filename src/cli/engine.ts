/**
 * The composition root: opens the data directory, starts the writing thread and builds the app.
 * `serve` puts it on ports; other commands, where no server runs, ask it directly.
 */
import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { refuseDebugger, type Config } from "../config.ts";
import { createApp, type App } from "../http/app.ts";
import { createGuard } from "../http/guard.ts";
import { isLoopback } from "../http/listen.ts";
import { createLive } from "../http/live.ts";
import type { OtlpDeps } from "../http/otlp.ts";
import type { Log } from "../log.ts";
import { proofOf, sha256 } from "../secrets.ts";
import { wasLeftOpen } from "../sqlite/db/intact.ts";
import { openHome, readServerInfo, type Home } from "../sqlite/directory/directory.ts";
import { openIntake, type Intake } from "../threads/intake.ts";
import { createReader } from "../threads/reader.ts";
import { createSearcher, type Searcher } from "../threads/searcher.ts";
import { version } from "../version.ts";
import { createDamageLog } from "./damage.ts";

export interface Engine {
  app: App;
  /** Answers OTLP over gRPC; over HTTP the app does. */
  otlp: OtlpDeps;
  home: Home;
  intake: Intake;
  /** Values of Host that are served; whoever listens adds its own. */
  hosts: Set<string>;
  /** Refuses new work, commits what waits, closes the store. */
  drain(): Promise<void>;
  /** Frees the data directory; to be called last. */
  release(): void;
}

export interface EngineEvents {
  /** Asked for over HTTP. */
  onShutdown: () => void;
  /** A thread died: nothing can be stored or read any more. */
  onCrash: (cause: Error) => void;
}

/** @throws AppError `start_failed`, `store_unusable`. */
export async function openEngine(config: Config, log: Log, events: EngineEvents): Promise<Engine> {
  refuseDebugger();
  const home = openHome(config.dataDir);
  const startedAt = Date.now();
  const hosts = new Set<string>();
  let searcher: Searcher;
  const damage = createDamageLog(log);
  const wasLeft = wasLeftOpen(home.storePath);
  try {
    const intake = await openIntake({
      path: home.storePath,
      durability: config.durability,
      minFreeBytes: config.minFreeDisk,
      maxBodyBytes: config.maxBodyBytes,
      unknownFields: config.unknownFields,
      rateLimit: config.rateLimit,
      priceRules: config.priceRules,
      defaultKey: home.key,
      givenKey: config.apiKey,
      onUnknown: ({ object, field, meant, keyName, userAgent }) =>
        log.warn("a client sends a field that this version does not know, it is kept", {
          field: `${object}.${field}`,
          ...(meant !== null && { didYouMean: meant }),
          key: keyName,
          userAgent,
        }),
      onStorage({ state, message }) {
        log[state === "ok" ? "info" : state === "full" ? "warn" : "error"](message);
        searcher?.pause(state !== "ok");
      },
      onStall: ({ what, tookMs }) =>
        log.warn(`the writer was busy for ${tookMs} ms`, { with: what }),
      onCrash: events.onCrash,
      onDamage: damage.note,
    });
    const reader = createReader(home.storePath, intake.checkPlace, events.onCrash, damage.note);
    searcher = createSearcher(
      home.storePath,
      home.searchDir,
      intake.checkPlace,
      events.onCrash,
      damage.note,
    );
    const onBug = (cause: unknown) =>
      log.error("bug", { stack: (cause as Error)?.stack ?? String(cause) });
    const guard = createGuard({
      hosts,
      ingestOrigins: new Set(config.allowOrigin),
      operatorTokens: [home.token, config.token].filter((token) => token !== null).map(sha256),
    });
    const auth = config.otlpAuth ?? (isLoopback(config.host) ? "open" : "key");
    const otlp = { intake, guard, auth, onBug };
    const live = createLive(intake, reader, onBug);
    const app = createApp({
      intake,
      reader,
      live,
      searcher,
      guard,
      otlp,
      maxBodyBytes: config.maxBodyBytes,
      storePath: home.storePath,
      status: async () => ({
        version,
        pid: process.pid,
        startedAt,
        dataDir: home.dir,
        durability: config.durability,
        buffered: intake.buffered,
        storage: intake.storage.state,
        freeBytes: intake.storage.freeBytes,
        stalls: intake.stalls,
        ...(await reader.call("counts", [])),
        storeBytes: sizeOf(home.storePath),
        logBytes: sizeOf(`${home.storePath}-wal`),
        memoryBytes: process.memoryUsage.rss(),
        sqliteVersion: sqliteVersion(),
        damage: damage.status(),
      }),
      setup() {
        // Said by whoever listens; the ports open after this.
        const info = readServerInfo(home.dir);
        const url = info?.url ?? "http://localhost";
        return {
          url,
          ingestUrl: `${url}/ingest`,
          otlpUrl: info?.otlpUrl ?? url,
          otlpGrpcUrl: info?.otlpGrpcUrl ?? null,
          otlpAuth: auth,
          apiKey: intake.keyring.isValid(home.key) ? home.key : null,
          keyFile: home.keyFile,
        };
      },
      prove: (host, nonce) => proofOf(home.token, host, nonce),
      shutdown: events.onShutdown,
      onBug,
    });
    if (wasLeft) damage.watch(() => reader.check());
    return {
      app,
      otlp,
      home,
      intake,
      hosts,
      async drain() {
        intake.isDraining = true;
        damage.stop();
        live.close();
        // The readers first: the last connection to close leaves one file behind.
        await Promise.all([reader.close(), searcher.close()]);
        await intake.close();
      },
      release: home.release,
    };
  } catch (cause) {
    home.release();
    throw cause;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** On macOS the SQLite is Apple's, whose version matters when something is reported. */
function sqliteVersion(): string {
  const db = new Database(":memory:");
  const { version } = db.query("SELECT sqlite_version() AS version").get() as { version: string };
  db.close();
  return version;
}
