/** How all questions to the server are kept, and asked again where they failed. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client.ts";

const firstRetryMs = 1_000;
const lastRetryMs = 30_000;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The live connection says when something is stale.
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // The server may be on this machine, which needs no network.
        networkMode: "always",
        // What failed is said at once and asked again while somebody looks at it, each time later.
        retry: false,
        refetchInterval: ({ state: { status, error, errorUpdateCount } }) =>
          status === "error" && mayPass(error)
            ? Math.min(lastRetryMs, firstRetryMs * 2 ** (errorUpdateCount - 1))
            : false,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** Whether the same question may be answered later: what the server refused once it refuses again. */
function mayPass(error: Error | null): boolean {
  return !(error instanceof ApiError && error.status < 500);
}

/** Asks again what failed, now that the server is there. */
export function askFailedAgain(client: QueryClient): void {
  void client.refetchQueries({
    type: "active",
    predicate: ({ state }) => state.status === "error" && mayPass(state.error),
  });
}
