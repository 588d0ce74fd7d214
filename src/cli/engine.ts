/**
 * The composition root: opens the data directory, starts the writing thread and builds the app.
 * `serve` puts it on ports; other commands, where no server runs, ask it directly.
 */
import { refuseDebugger, type Config } from "../config.ts";
import { openDataDirectory, type DataDirectory, type ServerInfo } from "../directory/directory.ts";
import { createApp, type App } from "../http/app.ts";
import { createGuard } from "../http/guard.ts";
import { isLoopback } from "../http/listen.ts";
import { createLive } from "../http/live.ts";
import type { OtlpDeps } from "../http/otlp.ts";
import type { Log } from "../log.ts";
import { proofOf, sha256 } from "../secrets.ts";
import { contents, fileSizes, sqliteVersion, wasLeftOpen } from "../sqlite/backend/files.ts";
import { openIntake, type Intake } from "../threads/intake.ts";
import { createReader } from "../threads/reader.ts";
import { createSearcher, type Searcher } from "../threads/searcher.ts";
import { version } from "../version.ts";
import { createDamageLog } from "./damage.ts";

export interface Engine {
  app: App;
  /** Answers OTLP over gRPC; over HTTP the app does. */
  otlp: OtlpDeps;
  directory: DataDirectory;
  intake: Intake;
  /** Values of Host that are served; whoever listens adds its own. */
  hosts: Set<string>;
  /** Says where it is, to who asks for it and to other commands; to be called by whoever listens. */
  announce(info: ServerInfo): void;
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
  const directory = openDataDirectory(config.dataDir, contents);
  const { dir } = directory;
  /** As it was announced. */
  let server: ServerInfo | null = null;
  const startedAt = Date.now();
  const hosts = new Set<string>();
  let searcher: Searcher;
  const damage = createDamageLog(log);
  const wasLeft = wasLeftOpen(dir);
  try {
    const intake = await openIntake({
      dataDir: dir,
      durability: config.durability,
      minFreeBytes: config.minFreeDisk,
      maxBodyBytes: config.maxBodyBytes,
      unknownFields: config.unknownFields,
      rateLimit: config.rateLimit,
      priceRules: config.priceRules,
      defaultKey: directory.key,
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
    const reader = createReader(dir, intake.checkPlace, events.onCrash, damage.note);
    searcher = createSearcher(dir, intake.checkPlace, events.onCrash, damage.note);
    const onBug = (cause: unknown) =>
      log.error("bug", { stack: (cause as Error)?.stack ?? String(cause) });
    const guard = createGuard({
      hosts,
      ingestOrigins: new Set(config.allowOrigin),
      operatorTokens: [directory.token, config.token].filter((token) => token !== null).map(sha256),
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
      fileSizes: () => fileSizes(dir),
      status: async () => {
        const sizes = fileSizes(dir);
        return {
          version,
          pid: process.pid,
          startedAt,
          dataDir: dir,
          durability: config.durability,
          buffered: intake.buffered,
          storage: intake.storage.state,
          freeBytes: intake.storage.freeBytes,
          stalls: intake.stalls,
          ...(await reader.call("counts", [])),
          storeBytes: sizes.store,
          logBytes: sizes.log,
          memoryBytes: process.memoryUsage.rss(),
          sqliteVersion: sqliteVersion(),
          damage: damage.status(),
        };
      },
      setup() {
        // The ports open before it is announced.
        const url = server?.url ?? "http://localhost";
        return {
          url,
          ingestUrl: `${url}/ingest`,
          otlpUrl: server?.otlpUrl ?? url,
          otlpGrpcUrl: server?.otlpGrpcUrl ?? null,
          otlpAuth: auth,
          apiKey: intake.keyring.isValid(directory.key) ? directory.key : null,
          keyFile: directory.keyFile,
        };
      },
      prove: (host, nonce) => proofOf(directory.token, host, nonce),
      shutdown: events.onShutdown,
      onBug,
    });
    if (wasLeft) damage.watch(() => reader.check());
    return {
      app,
      otlp,
      directory,
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
      announce(info) {
        server = info;
        directory.announce(info);
      },
      release: directory.release,
    };
  } catch (cause) {
    directory.release();
    throw cause;
  }
}
