/** The actions on a trace: copy, export, pin, delete. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { byKey, requestOf } from "../../api.ts";
import type { Summary } from "../../backend/views.ts";
import { shellQuoted } from "../../shell.ts";
import { ask, request } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { plural } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { Dialog, LoadError, useCopied } from "../parts/controls.tsx";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import { saveFile } from "../text/save.ts";

type Format = "json" | "jsonl" | "full";

/** Downloads the trace as a file named by its id. */
export async function exportTrace({ key, traceId }: Summary, format: Format): Promise<void> {
  const response = await request("GET /api/traces/:trace/export", {
    at: { trace: byKey(key) },
    query: format === "full" ? { format: "jsonl", full: "1" } : { format },
  });
  const extension = format === "json" ? "json" : "jsonl";
  saveFile(await response.blob(), `${traceId.replaceAll(/[^\w.-]+/g, "_")}.${extension}`);
}

export function TraceActions({ trace }: { trace: Summary }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const at = { trace: byKey(trace.key) };
  const { address } = requestOf("GET /api/traces/:trace", { at });
  const [isCopied, copy] = useCopied();
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
      ["JSON Lines, all fields", () => void exportTrace(trace, "full")],
    ],
  } as const;

  async function pin(): Promise<void> {
    await ask(`POST /api/traces/:trace/${trace.pinned ? "unpin" : "pin"}`, { at });
    await client.invalidateQueries({ queryKey: ["trace"] });
  }
  return (
    <>
      <Menu
        label={isCopied ? "Copied" : "Copy"}
        icon={isCopied ? "check" : "link"}
        items={items.copy}
      />
      <Menu label="Export" icon="download" items={items.export} />
      <span className="visually-hidden" role="status">
        {isCopied ? "copied" : ""}
      </span>
      <Dropdown
        button={isCopied ? <Copied /> : <Icon name="more" />}
        label="More"
        className="button is-quiet is-square trace-more"
      >
        {(close) => (
          <>
            <div className="narrow-only">
              {Object.entries(items).map(([group, list]) =>
                list.map(([name, run]) => (
                  <MenuItem
                    key={name}
                    name={`${group === "copy" ? "Copy" : "Export"}: ${name}`}
                    run={() => {
                      close();
                      run();
                    }}
                  />
                )),
              )}
            </div>
            <MenuItem
              name={trace.pinned ? "Unpin" : "Pin: keep it when old traces are deleted"}
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
      </Dropdown>
      {isAsking && <DeleteDialog trace={trace} onClose={() => setAsking(false)} />}
    </>
  );
}

/** Confirms a copy that was made from a menu. */
function Copied() {
  return (
    <>
      <span className="narrow-only">
        <Icon name="check" size="s" />
      </span>
      <span className="wide-only">
        <Icon name="more" />
      </span>
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
  icon: "link" | "download" | "check";
  items: readonly (readonly [name: string, run: () => void])[];
}) {
  return (
    <Dropdown
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
    </Dropdown>
  );
}

function MenuItem({ name, run }: { name: string; run: () => void }) {
  return (
    <button type="button" className="popover-item" onClick={run}>
      {name}
    </button>
  );
}

function DeleteDialog({ trace, onClose }: { trace: Summary; onClose: () => void }) {
  const [, navigate] = useLocation();
  const [project] = useProject();
  const [error, setError] = useState<unknown>(null);
  async function remove(): Promise<void> {
    try {
      await ask("DELETE /api/traces/:trace", { at: { trace: byKey(trace.key) } });
      navigate(hrefOf("traces", { query: { project } }));
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
      {error !== null && <LoadError error={error} />}
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
