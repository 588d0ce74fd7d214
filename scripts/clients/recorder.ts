/** Stands between an emitter and Tealight and keeps what passes, HTTP and gRPC. */
import { connect, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";

export interface Recorded {
  path: string;
  came: "http" | "grpc";
  contentType: string;
  /** The OTLP message without its transfer's encoding, gzipped for the file. */
  bodyGzipB64: string;
}

export interface Recorder {
  url: string;
  requests: Recorded[];
  stop(): Promise<void>;
}

const decoders: Record<string, (body: Uint8Array) => Uint8Array> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

function record(path: string, came: Recorded["came"], contentType: string, body: Uint8Array) {
  const bodyGzipB64 = Buffer.from(Bun.gzipSync(new Uint8Array(body))).toString("base64");
  return { path, came, contentType, bodyGzipB64 };
}

/** @param to the address of Tealight. */
export function recordHttp(to: string): Recorder {
  const requests: Recorded[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = await request.bytes();
      const { method, headers } = request;
      const decode = decoders[headers.get("content-encoding") ?? ""];
      const type = headers.get("content-type")?.split(";")[0] ?? "";
      if (method === "POST") {
        requests.push(record(pathname, "http", type, decode ? decode(body) : body));
      }
      const forwarded = new Headers(headers);
      forwarded.set("host", new URL(to).host);
      return fetch(to + pathname + search, { method, headers: forwarded, body });
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return { url, requests, stop: () => server.stop(true) };
}

const grpcPaths: Record<string, string> = {
  TraceService: "/v1/traces",
  LogsService: "/v1/logs",
  MetricsService: "/v1/metrics",
};

/** @param to the gRPC address of Tealight. */
export async function recordGrpc(to: string): Promise<Recorder> {
  const requests: Recorded[] = [];
  const client = connect(to);
  client.on("error", () => {});
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("end", () => {
      const sent = Buffer.concat(chunks);
      const service = /\.(\w+)\/Export$/.exec(String(headers[":path"]))?.[1] ?? "";
      for (const message of messagesOf(sent, String(headers["grpc-encoding"] ?? ""))) {
        const path = grpcPaths[service] ?? String(headers[":path"]);
        requests.push(record(path, "grpc", "application/x-protobuf", message));
      }
      const call = client.request({ ...headers, ":authority": new URL(to).host });
      call.end(sent);
      call.on("response", (answer) => stream.respond(answer, { waitForTrailers: true }));
      let trailers = {};
      call.on("trailers", (sentTrailers) => (trailers = sentTrailers));
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      call.on("data", (chunk: Buffer) => stream.write(chunk));
      call.on("end", () => stream.end());
      call.on("error", () => stream.destroy());
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async stop() {
      client.destroy();
      server.close();
    },
  };
}

/** The messages of a unary call: a flag for compression, a length of four bytes, the message. */
function messagesOf(sent: Buffer, encoding: string): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 5 <= sent.length;) {
    const end = at + 5 + sent.readUInt32BE(at + 1);
    const body = sent.subarray(at + 5, end);
    messages.push(sent[at] === 1 ? decoders[encoding]!(body) : body);
    at = end;
  }
  return messages;
}
