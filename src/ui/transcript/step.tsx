/** A model call: its heading, its new input and its output. */
import type { Part } from "../../messages/model.ts";
import { count, duration, plural, textOf } from "../format.ts";
import { ContextShare, contextUse } from "../parts/context.tsx";
import { FigureText, SpanCost } from "../parts/figure.tsx";
import { KindMark, StatusBadge } from "../parts/status-mark.tsx";
import { CallCard } from "./calls.tsx";
import { Fold, Turn } from "./fold.tsx";
import { EarlierMessages, HistoryChanged, MessageList } from "./history.tsx";
import { joinResults, splitNewInput, type StepItem } from "./items.ts";
import { AnswerPart, SpokenMessage } from "./message.tsx";
import { useTranscriptContext } from "./transcript-context.ts";

export function Step({ item }: { item: StepItem }) {
  const { answered, folds, isAll, isBrief } = useTranscriptContext();
  const { entry, key } = item;
  const { again, news } = splitNewInput(entry, answered);
  const isEmpty = entry.input.length === 0 && entry.output.length === 0 && entry.earlier === null;
  return (
    <>
      {!isBrief && <StepHead item={item} />}
      {folds.isOpen(earlierId(key), isAll) && entry.earlier && !entry.isEdited && (
        <EarlierMessages spanKey={key} />
      )}
      {entry.isEdited && entry.earlier && (
        <>
          <Turn>
            <HistoryChanged spanKey={key} earlierKey={entry.earlier.key} />
          </Turn>
          {again.length > 0 && <SentAgain messages={again} id={`again.${key}`} />}
        </>
      )}
      {news.messages.map((message, i) => (
        <SpokenMessage
          key={i}
          message={message}
          id={`in.${key}.${i}`}
          isFirstCall={entry.earlier === null}
          results={news.results}
        />
      ))}
      <Answer item={item} />
      {isEmpty && (
        <Turn>
          <p className="dim">No messages were recorded.</p>
        </Turn>
      )}
      {entry.status === "error" && <Failure message={entry.errorMessage} />}
      {entry.status === "aborted" && <Stopped />}
    </>
  );
}

export const earlierId = (spanKey: number) => `earlier.${spanKey}`;

/** The full error message. */
export function Failure({ message, who }: { message: string | null; who?: string }) {
  return (
    <Turn who={who}>
      <div className="transcript-failure">{message ?? "It failed, without a message."}</div>
    </Turn>
  );
}

/** A stopped call: not an error. */
export function Stopped({ who }: { who?: string }) {
  return (
    <Turn who={who}>
      <p className="transcript-stopped">
        <StatusBadge displayStatus="aborted" /> Stopped here before it finished.
      </p>
    </Turn>
  );
}

function StepHead({ item }: { item: StepItem }) {
  const { entry, key, earlierCount } = item;
  const { startTime, factsOf, numberOf, folds, isAll, onSelect, traceKey } = useTranscriptContext();
  const facts = factsOf(key);
  const { usage, ttftMs } = facts ?? {};
  const context = contextUse(usage, entry.contextWindow);
  const id = earlierId(key);
  const number = numberOf(key) ?? item.number;
  return (
    <header
      className="transcript-step"
      onClick={() => onSelect?.(key)}
      title={entry.name === "chat" ? undefined : entry.name}
    >
      <span className="transcript-gutter number">{offsetText(entry.startTime - startTime)}</span>
      <span className="transcript-step-head">
        <KindMark kind="llm" />
        {onSelect ? (
          <button type="button" className="transcript-step-name" tabIndex={-1}>
            Step {number}
          </button>
        ) : (
          <span className="transcript-step-name">Step {number}</span>
        )}
        <span className="truncated">{entry.modelId ?? "model not reported"}</span>
        {entry.earlier && !entry.isEdited && traceKey !== null && (
          <Fold isOpen={folds.isOpen(id, isAll)} onToggle={() => folds.toggle(id)}>
            {earlierCount === null ? "earlier messages" : `${count(earlierCount)} unchanged`}
          </Fold>
        )}
        {entry.status !== "ok" && <StatusBadge displayStatus={entry.status} />}
        <span className="tail">
          <span>
            <FigureText figure={duration(entry.endTime - entry.startTime)} />
          </span>
          {typeof ttftMs === "number" && (
            <span className="wide-only">first token {textOf(duration(ttftMs))}</span>
          )}
          {usage && (
            <span className="transcript-tokens" title="Tokens in → out">
              {tokens(usage.inputTokens)} → {tokens(usage.outputTokens)}
            </span>
          )}
          {context && (
            <span className="wide-only">
              <ContextShare of={context} as="share of" />
            </span>
          )}
          {facts && (
            <span className="transcript-cost muted">
              {facts.costUsd === null ? <i>unpriced</i> : <SpanCost of={facts} />}
            </span>
          )}
        </span>
      </span>
    </header>
  );
}

function tokens(value: number | undefined): string {
  return value === undefined ? "?" : count(value);
}

/** The time since the start of the trace: "+36.04 s". */
function offsetText(ms: number) {
  const sign = ms < 0 ? "−" : "+";
  return (
    <>
      {sign}
      {Math.abs(ms / 1000).toFixed(2)}
      <span className="unit">s</span>
    </>
  );
}

/** The output in order, with each tool call where it was made. */
function Answer({ item: { entry, key } }: { item: StepItem }) {
  const { factsOf, stepWithoutCalls } = useTranscriptContext();
  const { output } = entry;
  const calls = stepWithoutCalls === key ? [] : entry.calls;
  const reasoningTokens = factsOf(key)?.usage?.reasoningTokens;
  let called = 0;
  const show = (part: Part, id: string) => {
    if (part.type === "toolCall") {
      const call = calls[called++];
      return call && <CallCard key={id} call={call} args={part} />;
    }
    const isJoined = part.type === "toolResult" && calls.some((call) => call.id === part.id);
    return isJoined ? null : <AnswerPart key={id} part={part} id={id} tokens={reasoningTokens} />;
  };
  const parts = output.flatMap((message, i) =>
    message.parts.map((part, j) => show(part, `out.${key}.${i}.${j}`)),
  );
  if (parts.length === 0 && calls.length === 0) return null;
  return (
    <Turn>
      {parts}
      {calls.slice(called).map((call, i) => (
        <CallCard key={i} call={call} args={null} />
      ))}
    </Turn>
  );
}

function SentAgain({ messages, id }: { messages: StepItem["entry"]["input"]; id: string }) {
  const { folds } = useTranscriptContext();
  const isOpen = folds.isOpen(id);
  return (
    <>
      <Turn>
        <Fold isOpen={isOpen} onToggle={() => folds.toggle(id)}>
          {plural(messages.length, "message")} sent in their place
        </Fold>
      </Turn>
      {isOpen && <MessageList told={joinResults(messages)} id={id} />}
    </>
  );
}
