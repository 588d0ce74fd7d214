/** The earlier messages that a call was sent again, and the differences of a changed history. */
import { useMemo } from "react";
import { plural } from "../format.ts";
import { LoadError } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { Diff } from "../text/diff.tsx";
import { useSpanMessages } from "./data.ts";
import { Fold, Turn } from "./fold.tsx";
import { diffHistories } from "./history-diff.ts";
import { joinResults, type JoinedMessages } from "./items.ts";
import { SpokenMessage } from "./message.tsx";
import { useTranscriptContext } from "./transcript-context.ts";

/** How many messages are rendered at once: a call can have hundreds. */
const pageSize = 20;

export function EarlierMessages({ spanKey }: { spanKey: number }) {
  const { traceKey } = useTranscriptContext();
  const { data, error, refetch } = useSpanMessages(traceKey, spanKey);
  const earlier = useMemo(
    () => data && joinResults(data.input.slice(0, data.newFrom), undefined, data.input),
    [data],
  );
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (!earlier) {
    return (
      <Turn>
        <p className="transcript-loading">Reading the earlier messages…</p>
      </Turn>
    );
  }
  return <MessageList told={earlier} id={`earlier.${spanKey}`} />;
}

/** Shows the last messages, and earlier ones on request. */
export function MessageList({ told, id }: { told: JoinedMessages; id: string }) {
  const { folds } = useTranscriptContext();
  let from = Math.max(0, told.messages.length - pageSize);
  while (from > 0 && folds.isOpen(`${id}.${from}`)) from = Math.max(0, from - pageSize);
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

/** The notice that the history was changed. */
export function HistoryChanged({ spanKey, earlierKey }: { spanKey: number; earlierKey: number }) {
  const { folds, traceKey } = useTranscriptContext();
  const id = `changed.${spanKey}`;
  const isOpen = folds.isOpen(id);
  return (
    <>
      <div className="transcript-flag">
        <Icon name="warn" size="xs" />
        The message history was changed here: earlier messages differ from those sent before.
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
  const { traceKey } = useTranscriptContext();
  const before = useSpanMessages(traceKey, earlierKey);
  const after = useSpanMessages(traceKey, spanKey);
  const changed = useMemo(
    () => before.data && after.data && diffHistories(before.data.input, after.data.input),
    [before.data, after.data],
  );
  const error = before.error ?? after.error;
  if (error) return <LoadError error={error} />;
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
