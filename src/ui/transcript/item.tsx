/** One item of a transcript, indented by its level. */
import { memo } from "react";
import { money, plural } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { KindMark, StatusBadge } from "../parts/status-mark.tsx";
import { UnrequestedTools } from "./calls.tsx";
import { Fold, Turn } from "./fold.tsx";
import type { AgentItem, GroupItem, Item } from "./items.ts";
import { SpanMedia } from "./media.tsx";
import { AnswerPart, SpokenMessage } from "./message.tsx";
import { Failure, Step, Stopped } from "./step.tsx";
import { useTranscriptContext } from "./transcript-context.ts";

/** Deeper levels are indented like this one. */
const maxLevel = 6;

export const ItemView = memo(function ItemView({ item }: { item: Item }) {
  const level = Math.min(item.level, maxLevel);
  return (
    <div className="transcript-item" style={{ "--level": level } as React.CSSProperties}>
      <SpanMedia spanKey={item.key}>
        {item.type === "step" ? (
          <Step item={item} />
        ) : item.type === "group" ? (
          <Group item={item} />
        ) : item.type === "agent" ? (
          <Agent item={item} />
        ) : item.type === "rules" ? (
          <AgentInput entry={item.entry} />
        ) : (
          <Turn>
            <UnrequestedTools entries={item.entries} />
          </Turn>
        )}
      </SpanMedia>
    </div>
  );
});

export const groupId = (agent: number) => `group.${agent}`;

function Group({ item: { entry, key, steps } }: { item: GroupItem }) {
  const { folds, below, onSelect } = useTranscriptContext();
  const known = below(key);
  const isOpen = folds.isOpen(groupId(key), true);
  return (
    <>
      <Turn>
        <div className="transcript-group" onClick={() => onSelect?.(key)}>
          <Fold
            isOpen={isOpen}
            onToggle={() => folds.toggle(groupId(key))}
            title={isOpen ? "Fold (o)" : "Open (o)"}
          >
            <KindMark kind="agent" />
            <span className="transcript-group-name">{entry.name}</span>
          </Fold>
          <span className="dim truncated">sub-agent{entry.modelId && `, ${entry.modelId}`}</span>
          {entry.status !== "ok" && <StatusBadge displayStatus={entry.status} />}
          <span className="tail">
            <span>
              {plural(steps, "step")}
              {known && `, ${plural(known.spans, "span")}`}
            </span>
            <span>
              <Duration ms={entry.endTime - entry.startTime} />
            </span>
            {known && known.costUsd !== null && (
              <span className="muted">{money(known.costUsd)}</span>
            )}
          </span>
        </div>
      </Turn>
      {entry.status === "error" && <Failure message={entry.errorMessage} />}
    </>
  );
}

/** An agent without known child spans, or how the outermost agent ended. */
function Agent({ item: { entry, key } }: { item: AgentItem }) {
  const { name, status, errorMessage } = entry;
  const parts = entry.output.flatMap((message) => message.parts);
  return (
    <>
      <AgentInput entry={entry} />
      {parts.length > 0 && (
        <Turn who={name}>
          {parts.map((part, i) => (
            <AnswerPart key={i} part={part} id={`out.${key}.${i}`} />
          ))}
        </Turn>
      )}
      {status === "error" && <Failure message={errorMessage} who={name} />}
      {status === "aborted" && <Stopped who={name} />}
    </>
  );
}

/** The input of an agent. */
function AgentInput({ entry: { key, input } }: { entry: AgentItem["entry"] }) {
  return input.map((message, i) => (
    <SpokenMessage key={i} message={message} id={`in.${key}.${i}`} />
  ));
}
