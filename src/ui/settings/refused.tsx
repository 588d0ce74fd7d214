/** Refused requests and the reasons. Their content was not stored. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { ask } from "../data/client.ts";
import { useNow, useStatus } from "../data/queries.ts";
import { hintFor } from "../first/hints.ts";
import { bytes, count, exactTime, textOf, time } from "../format.ts";
import { Section } from "./section.tsx";

export function Refused() {
  const now = useNow(60_000);
  const { data: status } = useStatus();
  const { data, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["refused"],
    queryFn: ({ pageParam: cursor, signal }) =>
      ask("GET /api/rejects", { query: { limit: 50, cursor } }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: 5_000,
  });
  const rejects = data?.pages.flatMap((page) => page.rejects) ?? [];
  const counts = Object.entries(status?.rejects ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <Section
      id="refused"
      title="Refused requests"
      about="Stored with the reason, without their content."
    >
      {counts.length > 0 && (
        <p className="settings-refused-counts">
          {counts.map(([code, times]) => (
            <span className="badge" key={code}>
              {code} {count(times)}
            </span>
          ))}
        </p>
      )}
      {rejects.length === 0 ? (
        <p className="nothing">Nothing was refused.</p>
      ) : (
        <table className="settings-table">
          <thead>
            <tr>
              <th>When</th>
              <th>Status</th>
              <th>Route</th>
              <th>Reason</th>
              <th className="number">Size</th>
            </tr>
          </thead>
          <tbody>
            {rejects.map(
              ({ receivedAt, status, route, message, path, code, bytes: size, keyName }, i) => (
                <tr key={`${receivedAt}.${i}`} title={hintFor(code)}>
                  <td className="settings-whole" title={exactTime(receivedAt)}>
                    {time(receivedAt, now)}
                  </td>
                  <td>
                    <span className="badge is-error">{status}</span>
                  </td>
                  <td className="mono settings-whole">{route}</td>
                  <td>
                    {path && path.length > 0 && <span className="mono">{pathText(path)} </span>}
                    {message}
                    {keyName && <span className="dim"> key {keyName}</span>}
                  </td>
                  <td className="number dim">{size === null ? "not said" : textOf(bytes(size))}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      )}
      {hasNextPage && (
        <p className="settings-more">
          <button type="button" className="button is-small" onClick={() => void fetchNextPage()}>
            More
          </button>
        </p>
      )}
    </Section>
  );
}

/** Formats a path: traces[0].spans[3].endTime */
function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join("");
}
