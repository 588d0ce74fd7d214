/** Whatever stands in a transcript, at its level. */
import { memo } from "react";
import { money, plural } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { KindMark, StandingBadge } from "../parts/mark.tsx";
import { LoneTools } from "./calls.tsx";
import { Fold, Turn } from "./fold.tsx";
import type { AgentItem, GroupItem, Item } from "./items.ts";
import { SaidPart, SpokenMessage } from "./message.tsx";
import { SpanMedia } from "./media.tsx";
import { useScene } from "./scene.ts";
import { Failure, Step, Stopped } from "./step.tsx";

/** Deeper ones stand as far in as these. */
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
          <Spoken entry={item.entry} />
        ) : (
          <Turn>
            <LoneTools entries={item.entries} />
          </Turn>
        )}
      </SpanMedia>
    </div>
  );
});

export const groupId = (agent: number) => `group.${agent}`;

function Group({ item: { entry, key, steps } }: { item: GroupItem }) {
  const { folds, below, onSelect } = useScene();
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
          {entry.status !== "ok" && <StandingBadge standing={entry.status} />}
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

/** An agent that nothing is known below of, or how the outermost one ended. */
function Agent({ item: { entry, key } }: { item: AgentItem }) {
  const { name, status, errorMessage } = entry;
  const parts = entry.output.flatMap((message) => message.parts);
  return (
    <>
      <Spoken entry={entry} />
      {parts.length > 0 && (
        <Turn who={name}>
          {parts.map((part, i) => (
            <SaidPart key={i} part={part} id={`out.${key}.${i}`} />
          ))}
        </Turn>
      )}
      {status === "error" && <Failure message={errorMessage} who={name} />}
      {status === "aborted" && <Stopped who={name} />}
    </>
  );
}

/** What an agent was sent. */
function Spoken({ entry: { key, input } }: { entry: AgentItem["entry"] }) {
  return input.map((message, i) => (
    <SpokenMessage key={i} message={message} id={`in.${key}.${i}`} />
  ));
}
