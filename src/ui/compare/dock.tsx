/**
 * The selected pair: the text differences of its two spans, or the texts of the one span that exists.
 */
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Message } from "../../messages/model.ts";
import type { Comparison } from "../../query/comparison.ts";
import type { TextDiff } from "../../query/textdiff.ts";
import { useWholeSpan } from "../data/whole-span.ts";
import { count } from "../format.ts";
import { LoadError } from "../parts/controls.tsx";
import { DiffViews, unitOf, type DiffView } from "../parts/diffviews.tsx";
import { Icon } from "../parts/icon.tsx";
import { ResizeHandle } from "../parts/resize-handle.tsx";
import { Side, type SideName } from "../parts/side.tsx";
import { KindMark } from "../parts/status-mark.tsx";
import { visible } from "../parts/visible.ts";
import { ChangeCounts, WordDiff } from "../parts/worddiff.tsx";
import { traceHref } from "../query/scope.ts";
import { MessageView } from "../text/message.tsx";
import { usePair, type PairRef } from "./data.ts";
import { changeWords, type ComparedStep, type Line } from "./rows.ts";

export interface DockProps {
  comparison: Comparison;
  line: Line;
  view: DiffView;
  viewKeys: Record<DiffView, string>;
  onView: (view: DiffView) => void;
  onClose: () => void;
  project: string;
}

export function CompareDock(props: DockProps) {
  const { comparison, line, view, viewKeys, onView, onClose, project } = props;
  const { row, steps } = line;
  const shown = (row.a ?? row.b)!;
  return (
    <aside className="compare-dock" aria-label="The selected row">
      <ResizeHandle
        {...{ name: "compare.dock", variable: "--h-dock", side: "top", className: "compare-edge" }}
        {...{ initial: 292, min: 120, max: 760, label: "Height of the differences" }}
      />
      <header className="flex">
        <KindMark kind={shown.spanType} />
        <span className="strong truncated">{visible(shown.name)}</span>
        {(["a", "b"] as const).map((side) => {
          const step = row[side];
          return (
            step && (
              <Link
                key={side}
                className="flex compare-span"
                href={traceHref(comparison[side].key, { project }, step.key)}
                title={`Open the span in ${side.toUpperCase()}`}
              >
                <Side of={side} isSmall />
                {steps[side] !== null && <span>step {steps[side]}</span>}
                <span className="dim compare-usage">{usageOf(step)}</span>
              </Link>
            )
          );
        })}
        <span className="dim compare-change">{changeWords[row.change]}</span>
        <span className="grow" />
        {row.a && row.b && <DiffViews view={view} keys={viewKeys} onView={onView} />}
        <button
          type="button"
          className="button is-quiet is-small is-square"
          aria-label="Close the differences"
          title="Close (Esc)"
          onClick={onClose}
        >
          <Icon name="close" size="s" />
        </button>
      </header>
      {row.a && row.b ? (
        <Pair
          of={{
            traceA: comparison.a.key,
            traceB: comparison.b.key,
            spanA: row.a.key,
            spanB: row.b.key,
          }}
          isTool={shown.spanType === "tool"}
          view={view}
        />
      ) : (
        // Keyed by side, because each side reads from its own trace.
        <OneSided
          key={row.a ? "a" : "b"}
          side={row.a ? "a" : "b"}
          comparison={comparison}
          step={shown}
        />
      )}
    </aside>
  );
}

function usageOf({ usage }: ComparedStep): string {
  if (!usage) return "";
  const { inputTokens, outputTokens } = usage;
  const said = (value: number | undefined) => (value === undefined ? "?" : count(value));
  return `${said(inputTokens)} → ${said(outputTokens)}`;
}

function Pair({ of, isTool, view }: { of: PairRef; isTool: boolean; view: DiffView }) {
  const { data: pair, error, refetch, isPlaceholderData } = usePair(of, unitOf(view));
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (!pair) return <div className="compare-texts" aria-busy="true" />;
  const inputTitle = isTool ? "Arguments" : "New input";
  return (
    <div
      className={`compare-texts ${isTool ? "is-tool" : ""}`}
      aria-busy={isPlaceholderData}
      tabIndex={-1}
    >
      {!isTool && (
        <div className="compare-column" tabIndex={0} role="region" aria-label="Instructions">
          <DiffSection title="System prompt" diff={pair.systemPrompt} view={view} />
          <DiffSection title="Tools offered" diff={pair.tools} view={view} isCode />
        </div>
      )}
      <div className="compare-column" tabIndex={0} role="region" aria-label={inputTitle}>
        <DiffSection title={inputTitle} diff={pair.input} view={view} isCode={isTool} />
      </div>
      <div className="compare-column" tabIndex={0} role="region" aria-label="Output">
        <DiffSection
          title={isTool ? "Result" : "Answer"}
          diff={pair.output}
          view={view}
          isCode={isTool}
        />
      </div>
    </div>
  );
}

function DiffSection({
  title,
  diff,
  view,
  isCode = false,
}: {
  title: string;
  diff: TextDiff;
  view: DiffView;
  isCode?: boolean;
}) {
  return (
    <TextSection title={title} end={<ChangeCounts diff={diff} />}>
      <WordDiff diff={diff} view={view} isCode={isCode} />
    </TextSection>
  );
}

function TextSection({
  title,
  end,
  children,
}: {
  title: string;
  end?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section>
      <h2 className="flex label">
        {title}
        <span className="grow" />
        {end}
      </h2>
      {children}
    </section>
  );
}

/** A step without a counterpart: there is nothing to compare. */
function OneSided({
  side,
  comparison,
  step,
}: {
  side: SideName;
  comparison: Comparison;
  step: ComparedStep;
}) {
  const { data, error, refetch } = useWholeSpan(comparison[side].key, step.key);
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (!data) return <div className="compare-texts" aria-busy="true" />;
  const { input, output, newFrom } = data.messages;
  const fresh = input.slice(newFrom).filter(({ role }) => role !== "system");
  const isTool = step.spanType === "tool";
  return (
    <div className="compare-texts is-tool">
      <div className="compare-column" tabIndex={0} role="region" aria-label="Input">
        <TextSection title={isTool ? "Arguments" : "New input"}>
          <Messages messages={fresh} />
        </TextSection>
      </div>
      <div className="compare-column" tabIndex={0} role="region" aria-label="Output">
        <TextSection title={isTool ? "Result" : "Answer"}>
          <Messages messages={output} />
        </TextSection>
      </div>
    </div>
  );
}

function Messages({ messages }: { messages: readonly Message[] }) {
  if (messages.length === 0) return <p className="note">It has none.</p>;
  return messages.map((message, i) => <MessageView key={i} message={message} />);
}
