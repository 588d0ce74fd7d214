/**
 * Deletes many traces: counts them first, shows the count, and asks the user to type it if it is large.
 */
import { useEffect, useState, type FormEvent } from "react";
import { byKey } from "../../api.ts";
import { ApiError, ask } from "../data/client.ts";
import { count, plural } from "../format.ts";
import { Dialog, LoadError } from "../parts/controls.tsx";
import { scopeQuery, type Scope } from "../query/scope.ts";

/** Above this number, the user has to type the count to confirm. */
const unconfirmedTraces = 100;

/** The traces to delete: given by key, or all that match a scope. */
export type Target = { keys: readonly number[] } | { scope: Scope };

/** What will be deleted: pinned traces, and traces that arrive after the count, are not. */
interface Plan {
  traces: number;
  spans: number;
  pinned: number;
  remove: () => Promise<void>;
}

export function DeleteMany({
  target,
  onClose,
  onDeleted,
}: {
  target: Target;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    let isShown = true;
    const counting = "keys" in target ? planOfKeys(target.keys) : planOfScope(target.scope);
    counting.then(
      (counted) => isShown && setPlan(counted),
      (cause) => isShown && setError(cause),
    );
    return () => {
      isShown = false;
    };
    // The dialog deletes what was selected when it opened.
  }, []);
  const isTyped = plan !== null && plan.traces > unconfirmedTraces;
  const isReady =
    plan !== null &&
    plan.traces > 0 &&
    !isBusy &&
    (!isTyped || typed.replaceAll(/\D/g, "") === String(plan.traces));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady) return;
    setBusy(true);
    try {
      await plan.remove();
      onClose();
      onDeleted();
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };
  const title = plan === null ? "Delete traces?" : `Delete ${plural(plan.traces, "trace")}?`;
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>{title}</h2>
        {plan === null ? (
          error === null && <p className="dim">Counting them…</p>
        ) : (
          <p>
            With all that was said: {plural(plan.spans, "span")}. This cannot be undone.
            {plan.pinned > 0 && ` Pinned traces are kept: ${plural(plan.pinned, "trace")}.`}
          </p>
        )}
        {isTyped && (
          <label className="field">
            <span className="label">
              Type <b>{plan.traces}</b>
            </span>
            <input
              type="text"
              inputMode="numeric"
              value={typed}
              autoFocus
              autoComplete="off"
              onChange={({ target }) => setTyped(target.value)}
            />
          </label>
        )}
        {error !== null && <LoadError error={error} />}
        <div className="ask-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button is-danger" disabled={!isReady}>
            {plan === null ? "Delete" : `Delete ${count(plan.traces)}`}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Reads the traces again: a paused list does not show traces pinned since. */
async function planOfKeys(keys: readonly number[]): Promise<Plan> {
  const going: number[] = [];
  let [spans, pinned] = [0, 0];
  for (const key of keys) {
    const question = { at: { trace: byKey(key) }, query: { limit: 1 } };
    const answer = await ask("GET /api/traces/:trace", question).catch(nullWhereGone);
    if (answer === null) continue;
    const { trace } = answer;
    if (trace.pinned) pinned++;
    else {
      going.push(key);
      spans += trace.spanCount;
    }
  }
  const remove = async () => {
    for (const key of going)
      await ask("DELETE /api/traces/:trace", { at: { trace: byKey(key) } }).catch(nullWhereGone);
  };
  return { traces: going.length, spans, pinned, remove };
}

/** Null if the trace was deleted in the meantime. */
function nullWhereGone(cause: unknown): null {
  if (cause instanceof ApiError && cause.status === 404) return null;
  throw cause;
}

/** Counts the traces of the scope that started before now. */
async function planOfScope(scope: Scope): Promise<Plan> {
  const query = { ...scopeQuery(scope), until: scope.until || String(Date.now()) };
  const all = async (dryRun: "0" | "1") => {
    let cursor: string | null = null;
    for (;;) {
      const answer: Awaited<ReturnType<typeof ask<"DELETE /api/traces">>> = await ask(
        "DELETE /api/traces",
        { query: { ...query, dryRun, cursor } },
      );
      if (answer.nextCursor === null) return answer;
      cursor = answer.nextCursor;
    }
  };
  const counted = await all("1");
  return {
    traces: "traces" in counted ? counted.traces : 0,
    spans: "spans" in counted ? counted.spans : 0,
    pinned: counted.pinnedKept,
    remove: async () => void (await all("0")),
  };
}
