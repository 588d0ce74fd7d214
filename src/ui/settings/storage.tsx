/** What the store takes of the disk. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { IndexStatus } from "../../search/hits.ts";
import { ask } from "../data/client.ts";
import { useStatus } from "../data/queries.ts";
import { bytes, percent, plural, textOf } from "../format.ts";
import { ImportButton } from "../import/button.tsx";
import { FigureText } from "../parts/figure.tsx";
import { Section, SetRow } from "./section.tsx";

export function Storage() {
  const { data: status } = useStatus();
  const client = useQueryClient();
  const { data: index } = useQuery({
    queryKey: ["index"],
    queryFn: ({ signal }) => ask("GET /api/search/index", {}, signal),
    refetchInterval: 5_000,
  });
  if (!status) return null;
  const parts = [
    { name: "Traces", size: status.storeBytes, color: "var(--data-2)" },
    { name: "Search index", size: index?.bytes ?? 0, color: "var(--data-1)" },
    { name: "Journal", size: status.logBytes, color: "var(--data-4)" },
  ];
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  return (
    <Section
      id="storage"
      title="Storage"
      about={`On this machine: ${plural(status.spanCount, "span")} in ${plural(status.traceCount, "trace")}.`}
    >
      <div className="settings-storage">
        <span className="settings-storage-total">
          <FigureText figure={bytes(total)} />
        </span>
        <div className="stats-split" aria-hidden="true">
          {parts.map(({ name, size, color }) => (
            <i key={name} style={{ width: `${(size / total) * 100}%`, background: color }} />
          ))}
        </div>
        <div className="settings-storage-legend">
          {parts.map(({ name, size, color }) => (
            <span key={name}>
              <i className="stats-swatch" style={{ background: color }} />
              {name} <span className="dim">{textOf(bytes(size))}</span>
            </span>
          ))}
        </div>
      </div>
      <SetRow name="Directory">
        <span className="mono">{status.dataDir}</span>
      </SetRow>
      <SetRow name="Kept">Everything, until you delete it: nothing is removed by itself.</SetRow>
      <SetRow name="Import" end={<ImportButton />}>
        A file of JSON Lines, as <code>tealight export</code> writes it: dropped on any page, or
        chosen here.
      </SetRow>
      <SetRow
        name="Search index"
        end={
          <button
            type="button"
            className="button"
            onClick={() =>
              void ask("POST /api/search/rebuild", {}).then(() =>
                client.invalidateQueries({ queryKey: ["index"] }),
              )
            }
          >
            Rebuild
          </button>
        }
      >
        {index && indexWords(index)}
      </SetRow>
    </Section>
  );
}

function indexWords({ state, progress, pendingTraces }: IndexStatus): string {
  if (state === "unavailable") return "This SQLite has no full text: everything is scanned.";
  if (pendingTraces === 0) return "Every trace is in it.";
  return `${textOf(percent(progress))} of the traces are in it; ${plural(pendingTraces, "trace is", "traces are")} scanned until then.`;
}
