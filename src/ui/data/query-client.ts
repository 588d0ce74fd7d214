/** How answers are cached, and when failed requests are repeated. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client.ts";

const firstRetryMs = 1_000;
const lastRetryMs = 30_000;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Live events invalidate data that has changed.
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // A local server can be reached without a network.
        networkMode: "always",
        // Errors are shown at once; failed queries on the screen are repeated with increasing delays.
        retry: false,
        refetchInterval: ({ state: { status, error, errorUpdateCount } }) =>
          status === "error" && isRetryable(error)
            ? Math.min(lastRetryMs, firstRetryMs * 2 ** (errorUpdateCount - 1))
            : false,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** Whether a retry could succeed: an error answered by the server would repeat. */
function isRetryable(error: Error | null): boolean {
  return !(error instanceof ApiError && error.status < 500);
}

/** Repeats failed queries after the server has come back. */
export function retryFailedQueries(client: QueryClient): void {
  void client.refetchQueries({
    type: "active",
    predicate: ({ state }) => state.status === "error" && isRetryable(state.error),
  });
}
