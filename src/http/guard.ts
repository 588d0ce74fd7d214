/**
 * The one place before every route, 404s included: which hosts and origins are served, and who is
 * an operator. Compares strings exactly and parses nothing that a stranger sent.
 *
 * The threats are pages in the user's own browser: DNS rebinding (an exact list of hosts on every
 * route), and cross-site requests (no CORS, same origin only, and a token that no page has).
 *
 * `host.docker.internal` and its like are served beside that list, but only where spans come in, and only
 * to this machine and its containers. Nobody can register such a name; whoever answers the user's DNS could
 * still rebind it. A page would then get as far as any page does on these routes: Origin and Sec-Fetch-*
 * give it away, it needs a key that it has not, and there is nothing to read.
 */
import { AppError } from "../errors.ts";
import { isSameDigest, sha256 } from "../secrets.ts";
import { ingestPaths, isDocument } from "./paths.ts";
import { isContainerHost, isLocalPeer } from "./peers.ts";
import { isPage } from "./viewer.ts";

export interface GuardSettings {
  /** Values of Host that are served, with their port. */
  hosts: ReadonlySet<string>;
  /** Origins that may send traces from a page; nothing else is open to them. */
  ingestOrigins: ReadonlySet<string>;
  /** SHA-256 of each operator token that is valid. */
  operatorTokens: readonly Uint8Array[];
}

/** Whether a browser shows the answer by itself: not in a frame, and to no page's scripts. */
function isOpened(headers: Headers): boolean {
  return (
    headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document"
  );
}

export interface Guard {
  /**
   * Host on every route; Origin and Sec-Fetch-Site on all but ingest and health.
   *
   * @param peer where the request came from, undefined where nobody knows.
   * @throws AppError
   */
  checkOrigin(request: Request, path: string, peer: () => string | undefined): void;
  /** @throws AppError `unauthorized`. */
  checkOperator(request: Request): void;
  /** The CORS headers for an allowed origin on the ingest route, else none. */
  corsHeaders(request: Request): Record<string, string> | undefined;
}

/** The Bearer of a request. */
export function bearerOf(headers: Headers): string | null {
  return /^Bearer\s+(.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}

export function createGuard({ hosts, ingestOrigins, operatorTokens }: GuardSettings): Guard {
  return {
    checkOrigin(request, path, peer) {
      const host = request.headers.get("host") ?? "";
      // Two Host headers arrive joined by a comma, which no entry of the list contains.
      if (!hosts.has(host.toLowerCase())) {
        if (ingestPaths.has(path) && isContainerHost(host) && isLocalPeer(peer())) return;
        throw forbiddenHost(host);
      }
      if (ingestPaths.has(path) || path === "/health") return;
      // A link may stand anywhere: neither the viewer's shell nor these documents have data.
      if (isOpened(request.headers) && (isPage(path) || isDocument(path))) return;
      const origin = request.headers.get("origin");
      const site = request.headers.get("sec-fetch-site");
      const isForeign =
        (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) ||
        (site !== null && site !== "same-origin" && site !== "none");
      if (isForeign) {
        throw new AppError("forbidden_origin", "requests from other origins are refused", {
          hint: "open the viewer at its own address",
        });
      }
    },
    checkOperator(request) {
      const token = bearerOf(request.headers);
      const digest = token === null ? null : sha256(token);
      if (digest && operatorTokens.some((valid) => isSameDigest(valid, digest))) return;
      throw new AppError(
        "unauthorized",
        token === null ? "missing operator token" : "invalid operator token",
        {
          hint: "send Authorization: Bearer <token>; the token is in the data directory's file `token`",
        },
      );
    },
    corsHeaders(request) {
      const origin = request.headers.get("origin");
      if (origin === null || !ingestOrigins.has(origin)) return undefined;
      return { "access-control-allow-origin": origin, vary: "Origin" };
    },
  };
}

/** For HTTP and gRPC. */
export function forbiddenHost(host: string): AppError {
  return new AppError("forbidden_host", "this host name is not served", {
    hint: isContainerHost(host)
      ? "containers of this machine may send spans under this name, and nothing else"
      : "use localhost, or start the server with --allow-host <host:port>",
  });
}
