/** The ports of a server: its own, which it needs, and OTLP's, which it can do without. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { noteRefusal } from "../http/ingest.ts";
import { isLoopback, listen } from "../http/listen.ts";
import { exportOverGrpc } from "../http/otlp.ts";
import type { Engine } from "./engine.ts";

export interface Ports {
  port: number;
  url: string;
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  otlpUrl: string;
  /** Null where gRPC is off. */
  otlpGrpcUrl: string | null;
  /** What is not as asked for, in words. */
  notes: string[];
  /** Lets answers under way go out, then cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

/** @throws AppError `start_failed` where the server's own port is taken. */
export async function openPorts(config: Config, { app, otlp, hosts }: Engine): Promise<Ports> {
  const { onBug, intake } = otlp;
  const own = listen({ ...config, fetch: app.fetch, onBug });
  const stops = [own.stop];
  const notes = [...own.notes];
  const serveHosts = (names: string[]) => {
    for (const name of names) hosts.add(name.toLowerCase());
  };
  serveHosts(own.hosts);

  let otlpUrl = own.url;
  if (config.otlpPort > 0 && config.otlpPort !== own.port) {
    try {
      const { host, otlpPort: port } = config;
      const other = listen({ host, port, allowHost: [], fetch: app.fetchOtlp, onBug });
      serveHosts(other.hosts);
      stops.push(other.stop);
      otlpUrl = other.url;
    } catch (cause) {
      notes.push(`${whyNot(cause)}; OTLP/HTTP is on ${own.url}`);
    }
  }

  let otlpGrpcUrl: string | null = null;
  if (config.otlpGrpcPort > 0) {
    // Loaded when the other ports are open: HTTP/2 costs 8 ms.
    const { listenGrpc } = await import("../http/grpc.ts");
    const open = (port: number) =>
      listenGrpc({
        host: config.host,
        port,
        hosts,
        export: (call) => exportOverGrpc(call, otlp),
        onRefused: (error, method) => noteRefusal(null, method, null, error, intake),
        onBug,
      });
    try {
      const asked = await open(config.otlpGrpcPort).catch((cause) => {
        notes.push(whyNot(cause));
        return null;
      });
      const grpc = asked ?? (await open(0));
      const name = new URL(own.url).hostname;
      otlpGrpcUrl = `http://${name}:${grpc.port}`;
      if (!asked) notes.push(`OTLP/gRPC is on ${otlpGrpcUrl}`);
      serveHosts(own.names.map((name) => `${name}:${grpc.port}`));
      stops.push(grpc.stop);
    } catch (cause) {
      notes.push(`${whyNot(cause)}; there is no OTLP/gRPC`);
    }
  }
  if (!isLoopback(config.host) && otlp.auth === "open") {
    notes.push("OTLP is open: everyone who reaches this address can send spans");
  }

  return {
    port: own.port,
    url: own.url,
    otlpUrl,
    otlpGrpcUrl,
    notes,
    async stop(graceMs) {
      await Promise.all(stops.map((stop) => stop(graceMs)));
    },
  };
}

function whyNot(cause: unknown): string {
  if (cause instanceof AppError) return cause.message;
  throw cause;
}
