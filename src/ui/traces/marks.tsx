/** Traces that are marked for something done to all of them, and the bar that offers it. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";
import type { Summary } from "../../backend/views.ts";
import { byKey } from "../../api.ts";
import { ask, request } from "../data/client.ts";
import { count } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { Problem } from "../parts/controls.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { type Scope } from "../query/scope.ts";
import { useShortcuts } from "../state/keys.ts";
import { saveFile } from "../text/save.ts";
import { DeleteMany } from "./delete-many.tsx";
import "./marks.css";

export interface Marks {
  keys: ReadonlySet<number>;
  /** All that match, also what is not loaded. */
  isAll: boolean;
  /** From the trace that was marked last to this one. */
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
 * @param selected the trace that x marks.
 * @param of what is listed: another list begins without marks.
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
  // What is gone from the list is marked no more.
  const keys = useMemo(() => {
    const listed = traces.map(({ key }) => key);
    return new Set(state.isAll ? listed : listed.filter((key) => state.keys.has(key)));
  }, [traces, state]);
  useShortcuts([
    {
      keys: ["x"],
      label: "Mark the trace (shift-click: a range)",
      group: "Traces",
      run: () => {
        if (!isUsed || selected === null) return false;
        toggle(selected);
        return true;
      },
    },
    {
      keys: ["mod+a"],
      label: "Mark all that match",
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
  /** How many match; undefined while that is not known. */
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
  /** The earlier one is A: what changed since. */
  const compare = () => {
    const [a, b] = marked.toSorted((x, y) => x.startTime - y.startTime || x.key - y.key);
    const { project } = scope;
    navigate(hrefOf("compare", { query: { a: byKey(a!.key), b: byKey(b!.key), project } }));
  };
  return (
    <div className="marks-bar" role="toolbar" aria-label="Of the marked traces">
      <b>
        {isAll ? (total === undefined ? "All that match" : count(total)) : count(marked.length)}{" "}
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
        aria-label="Mark none"
        title="Mark none (Esc)"
        onClick={clear}
      >
        <Icon name="close" size="s" />
      </button>
      {error !== null && <Problem error={error} />}
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
