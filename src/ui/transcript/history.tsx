/** What a call was sent besides the new: the earlier messages, and how a changed history was changed. */
import { useMemo } from "react";
import { plural } from "../format.ts";
import { Problem } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { Diff } from "../text/diff.tsx";
import { changedTexts } from "./changes.ts";
import { useSpanMessages } from "./data.ts";
import { Fold, Turn } from "./fold.tsx";
import { joinResults, type Told } from "./items.ts";
import { SpokenMessage } from "./message.tsx";
import { useScene } from "./scene.ts";

/** So many are drawn at once: a call may have hundreds. */
const chunk = 20;

export function EarlierMessages({ spanKey }: { spanKey: number }) {
  const { traceKey } = useScene();
  const { data, error, refetch } = useSpanMessages(traceKey, spanKey);
  const earlier = useMemo(
    () => data && joinResults(data.input.slice(0, data.newFrom), undefined, data.input),
    [data],
  );
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  if (!earlier) {
    return (
      <Turn>
        <p className="transcript-loading">Reading the earlier messages…</p>
      </Turn>
    );
  }
  return <MessageList told={earlier} id={`earlier.${spanKey}`} />;
}

/** The last ones, and those before them as they are asked for. */
export function MessageList({ told, id }: { told: Told; id: string }) {
  const { folds } = useScene();
  let from = Math.max(0, told.messages.length - chunk);
  while (from > 0 && folds.isOpen(`${id}.${from}`)) from = Math.max(0, from - chunk);
  return (
    <div className="transcript-earlier">
      {from > 0 && (
        <Turn>
          <Fold isOpen={false} onToggle={() => folds.toggle(`${id}.${from}`)}>
            {plural(from, "message")} before these
          </Fold>
        </Turn>
      )}
      {told.messages.slice(from).map((message, i) => (
        <SpokenMessage
          key={from + i}
          message={message}
          id={`${id}.m${from + i}`}
          results={told.results}
        />
      ))}
    </div>
  );
}

/** The ember flag of a changed history. */
export function HistoryChanged({ spanKey, earlierKey }: { spanKey: number; earlierKey: number }) {
  const { folds, traceKey } = useScene();
  const id = `changed.${spanKey}`;
  const isOpen = folds.isOpen(id);
  return (
    <>
      <div className="transcript-flag">
        <Icon name="warn" size="xs" />
        History changed here: what was sent before is not what is sent now.
        {traceKey !== null && (
          <button
            type="button"
            className="link"
            aria-expanded={isOpen}
            onClick={() => folds.toggle(id)}
          >
            {isOpen ? "Hide diff" : "Show diff"}
          </button>
        )}
      </div>
      {isOpen && <HistoryDiff spanKey={spanKey} earlierKey={earlierKey} />}
    </>
  );
}

function HistoryDiff({ spanKey, earlierKey }: { spanKey: number; earlierKey: number }) {
  const { traceKey } = useScene();
  const before = useSpanMessages(traceKey, earlierKey);
  const after = useSpanMessages(traceKey, spanKey);
  const changed = useMemo(
    () => before.data && after.data && changedTexts(before.data.input, after.data.input),
    [before.data, after.data],
  );
  const error = before.error ?? after.error;
  if (error) return <Problem error={error} />;
  if (!changed) return <p className="transcript-loading">Reading both histories…</p>;
  const { from, messages, delta } = changed;
  const size =
    delta === 0
      ? "the same length"
      : `${plural(Math.abs(delta), "character")} ${delta < 0 ? "shorter" : "longer"}`;
  return (
    <div className="transcript-diff">
      <p className="note">
        {messages === 1 ? `Message ${from + 1}` : `Messages ${from + 1} to ${from + messages}`}, now{" "}
        {size}
      </p>
      <Diff before={changed.before} after={changed.after} />
    </div>
  );
}
