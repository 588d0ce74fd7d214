/** What can be done with a trace: copied, exported, pinned, deleted. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import type { Summary } from "../../query/views.ts";
import { byKey, requestOf } from "../../api.ts";
import { shellQuoted } from "../../shell.ts";
import { ask, request } from "../data/client.ts";
import { plural } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { Dialog, Problem } from "../parts/controls.tsx";
import { Drop } from "../parts/drop.tsx";
import { Icon } from "../parts/icon.tsx";

type Format = "json" | "jsonl" | "full";

/** Saves the trace as a file, by its id. */
export async function exportTrace({ key, traceId }: Summary, format: Format): Promise<void> {
  const response = await request("GET /api/traces/:trace/export", {
    at: { trace: byKey(key) },
    query: format === "full" ? { format: "jsonl", full: "1" } : { format },
  });
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${traceId.replaceAll(/[^\w.-]+/g, "_")}.${format === "json" ? "json" : "jsonl"}`;
  link.click();
  URL.revokeObjectURL(url);
}

export function TraceActions({ trace }: { trace: Summary }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const at = { trace: byKey(trace.key) };
  const { address } = requestOf("GET /api/traces/:trace", { at });
  const copy = (text: string) => void navigator.clipboard.writeText(text);
  const items = {
    copy: [
      ["Link", () => copy(location.href)],
      ["Trace id", () => copy(trace.traceId)],
      ["Command", () => copy(`tealight export ${shellWord(trace.traceId)}`)],
      [
        "curl",
        () =>
          copy(`curl -H "Authorization: Bearer $TEALIGHT_TOKEN" '${location.origin}${address}'`),
      ],
    ],
    export: [
      ["JSON", () => void exportTrace(trace, "json")],
      ["JSON Lines", () => void exportTrace(trace, "jsonl")],
      ["JSON Lines, with all that v1 lacks", () => void exportTrace(trace, "full")],
    ],
  } as const;

  async function pin(): Promise<void> {
    await ask(`POST /api/traces/:trace/${trace.pinned ? "unpin" : "pin"}`, { at });
    await client.invalidateQueries({ queryKey: ["trace"] });
  }
  return (
    <>
      <Menu label="Copy" icon="link" items={items.copy} />
      <Menu label="Export" icon="download" items={items.export} />
      <Drop button={<Icon name="more" />} label="More" className="button is-quiet is-square">
        {(close) => (
          <>
            {[...items.copy, ...items.export].map(([name, run], i) => (
              <MenuItem
                key={name}
                className="narrow-only"
                name={`${i < items.copy.length ? "Copy" : "Export"}: ${name}`}
                run={() => {
                  run();
                  close();
                }}
              />
            ))}
            <MenuItem
              name={trace.pinned ? "Unpin" : "Pin: keep it where others are deleted"}
              run={() => {
                close();
                void pin();
              }}
            />
            <MenuItem
              name="Delete …"
              run={() => {
                close();
                setAsking(true);
              }}
            />
          </>
        )}
      </Drop>
      {isAsking && <DeleteDialog trace={trace} onClose={() => setAsking(false)} />}
    </>
  );
}

function shellWord(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : shellQuoted(text);
}

function Menu({
  label,
  icon,
  items,
}: {
  label: string;
  icon: "link" | "download";
  items: readonly (readonly [name: string, run: () => void])[];
}) {
  return (
    <Drop
      className="button wide-only"
      button={
        <>
          <Icon name={icon} size="s" />
          {label}
        </>
      }
    >
      {(close) =>
        items.map(([name, run]) => (
          <MenuItem
            key={name}
            name={name}
            run={() => {
              run();
              close();
            }}
          />
        ))
      }
    </Drop>
  );
}

function MenuItem({
  name,
  run,
  className = "",
}: {
  name: string;
  run: () => void;
  className?: string;
}) {
  return (
    <button type="button" className={`popover-item ${className}`} onClick={run}>
      {name}
    </button>
  );
}

function DeleteDialog({ trace, onClose }: { trace: Summary; onClose: () => void }) {
  const [, navigate] = useLocation();
  const [error, setError] = useState<unknown>(null);
  async function remove(): Promise<void> {
    try {
      await ask("DELETE /api/traces/:trace", { at: { trace: byKey(trace.key) } });
      navigate(hrefOf("traces", {}));
    } catch (cause) {
      setError(cause);
    }
  }
  return (
    <Dialog label="Delete the trace" className="ask" onClose={onClose}>
      <h2>Delete this trace?</h2>
      <p>
        {trace.name ?? trace.traceId}: {plural(trace.spanCount, "span")}. It is gone at once and
        cannot be brought back.
      </p>
      {error !== null && <Problem error={error} />}
      <div className="ask-end">
        <button type="button" className="button" autoFocus onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button is-danger" onClick={() => void remove()}>
          Delete
        </button>
      </div>
    </Dialog>
  );
}
