/** The traces checked for a bulk action, and the bar that offers the actions. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { byKey } from "../../api.ts";
import type { Summary } from "../../backend/views.ts";
import { ask, request } from "../data/client.ts";
import { count } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { LoadError } from "../parts/controls.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { type Scope } from "../query/scope.ts";
import { useShortcuts } from "../state/keys.ts";
import { saveFile } from "../text/save.ts";
import { DeleteMany } from "./delete-many.tsx";
import "./marks.css";

export interface Marks {
  keys: ReadonlySet<number>;
  /** True for all matching traces, including those not loaded. */
  isAll: boolean;
  /** Checks the range from the last checked trace to this one. */
  toRange: (key: number) => void;
  toggle: (key: number) => void;
  clear: () => void;
}

interface State {
  keys: ReadonlySet<number>;
  isAll: boolean;
  last: number | null;
}

const none: State = { keys: new Set(), isAll: false, last: null };

/**
 * @param selected the trace that the key x checks.
 * @param of identifies the list: another list starts with nothing checked.
 */
export function useMarks(
  traces: readonly Summary[],
  selected: number | null,
  of: Scope,
  isUsed: boolean,
): Marks {
  const [state, setState] = useState(none);
  useEffect(() => setState(none), [of, isUsed]);
  const toggle = useCallback((key: number) => {
    setState(({ keys, isAll }) => {
      const after = new Set(isAll ? [] : keys);
      if (!after.delete(key)) after.add(key);
      return { keys: after, isAll: false, last: key };
    });
  }, []);
  const toRange = useCallback(
    (key: number) => {
      setState(({ keys, last }) => {
        const to = traces.findIndex((trace) => trace.key === key);
        const from = traces.findIndex((trace) => trace.key === (last ?? selected ?? key));
        const [first, end] = [Math.min(from < 0 ? to : from, to), Math.max(from, to)];
        const range = traces.slice(first, end + 1).map((trace) => trace.key);
        return { keys: new Set([...keys, ...range]), isAll: false, last: key };
      });
    },
    [traces, selected],
  );
  // Traces that left the list are no longer checked.
  const keys = useMemo(() => {
    const listed = traces.map(({ key }) => key);
    return new Set(state.isAll ? listed : listed.filter((key) => state.keys.has(key)));
  }, [traces, state]);
  useShortcuts([
    {
      keys: ["x"],
      label: "Select the trace (shift-click: a range)",
      group: "Traces",
      run: () => {
        if (!isUsed || selected === null) return false;
        toggle(selected);
        return true;
      },
    },
    {
      keys: ["mod+a"],
      label: "Select all matching traces",
      group: "Traces",
      run: () => {
        if (!isUsed || traces.length === 0) return false;
        setState({ keys: new Set(), isAll: true, last: null });
        return true;
      },
    },
  ]);
  return { keys, isAll: state.isAll, toggle, toRange, clear: () => setState(none) };
}

export function MarksBar({
  marks: { keys, isAll, clear },
  traces,
  scope,
  total,
  onDeleted,
}: {
  marks: Marks;
  traces: readonly Summary[];
  scope: Scope;
  /** How many traces match; undefined while loading. */
  total: number | undefined;
  onDeleted: () => void;
}) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const marked = traces.filter(({ key }) => keys.has(key));
  if (marked.length === 0) return null;
  const isUnpin = marked.every(({ pinned }) => pinned);
  const doAll = (what: string, work: () => Promise<void>) => async () => {
    setBusy(what);
    setError(null);
    try {
      await work();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(null);
    }
  };
  const pin = doAll("pin", async () => {
    for (const { key, pinned } of marked)
      if (pinned === isUnpin)
        await ask(`POST /api/traces/:trace/${isUnpin ? "unpin" : "pin"}`, {
          at: { trace: byKey(key) },
        });
    await client.invalidateQueries({ queryKey: ["traces"] });
  });
  const save = doAll("export", async () => {
    const texts: string[] = [];
    for (const { key } of marked) {
      const question = { at: { trace: byKey(key) }, query: { format: "jsonl" as const } };
      texts.push((await (await request("GET /api/traces/:trace/export", question)).text()).trim());
    }
    saveFile(`${texts.join("\n")}\n`, "traces.jsonl");
  });
  /** The earlier trace becomes A, so that the comparison shows what changed since. */
  const compare = () => {
    const [a, b] = marked.toSorted((x, y) => x.startTime - y.startTime || x.key - y.key);
    const { project } = scope;
    navigate(hrefOf("compare", { query: { a: byKey(a!.key), b: byKey(b!.key), project } }));
  };
  return (
    <div className="marks-bar" role="toolbar" aria-label="Of the marked traces">
      <b>
        {isAll ? (total === undefined ? "All matching" : count(total)) : count(marked.length)}{" "}
        {isAll && total === undefined ? "" : "selected"}
      </b>
      {!isAll && (
        <>
          {marked.length === 2 && (
            <Action icon="compare" name="Compare" run={compare} isBusy={busy !== null} />
          )}
          <Action
            icon="pin"
            name={isUnpin ? "Unpin" : "Pin"}
            run={() => void pin()}
            isBusy={busy !== null}
          />
          <Action icon="download" name="Export" run={() => void save()} isBusy={busy !== null} />
        </>
      )}
      <Action icon="trash" name="Delete" run={() => setAsking(true)} isBusy={busy !== null} />
      <span className="separator" />
      <button
        type="button"
        className="button is-quiet is-small is-square"
        aria-label="Clear the selection"
        title="Clear the selection (Esc)"
        onClick={clear}
      >
        <Icon name="close" size="s" />
      </button>
      {error !== null && <LoadError error={error} />}
      {isAsking && (
        <DeleteMany
          target={isAll ? { scope } : { keys: marked.map(({ key }) => key) }}
          onClose={() => setAsking(false)}
          onDeleted={() => {
            clear();
            onDeleted();
          }}
        />
      )}
    </div>
  );
}

function Action({
  icon,
  name,
  run,
  isBusy,
}: {
  icon: IconName;
  name: string;
  run: () => void;
  isBusy: boolean;
}) {
  const isDelete = icon === "trash";
  return (
    <button
      type="button"
      className={`button is-quiet is-small ${isDelete ? "is-danger" : ""}`}
      disabled={isBusy}
      onClick={run}
    >
      <Icon name={icon} size="s" />
      {name}
    </button>
  );
}
