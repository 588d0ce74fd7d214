/** Tool calls, each with its result and duration. */
import type { Part, ToolResult } from "../../messages/model.ts";
import type { TranscriptEntry } from "../../query/transcript.ts";
import { count } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { KindMark, type DisplayStatus } from "../parts/status-mark.tsx";
import { useSearchMatch } from "../text/search-words.ts";
import { ToolCard } from "../text/tool.tsx";
import { Fold } from "./fold.tsx";
import { attachedTo, callsIn, foldTools, textOf } from "./items.ts";
import { AttachedMedia } from "./media.tsx";
import { useTranscriptContext, type TranscriptContext } from "./transcript-context.ts";

type Joined = TranscriptEntry["calls"][number];

type ToolCall = Extract<Part, { type: "toolCall" }>;

/** @param args the call as the model's answer contains it; null if only the tool's span is known. */
export function CallCard({ call, args }: { call: Joined; args: ToolCall | null }) {
  const context = useTranscriptContext();
  const { selected, onSelect } = context;
  const spanKey = call.span?.key ?? null;
  const tool = spanKey === null ? null : context.toolOf(spanKey);
  const facts = spanKey === null ? null : context.factsOf(spanKey);
  const { displayStatus, note } = displayStatusOfCall(
    call,
    facts?.status ?? tool?.status ?? null,
    context,
  );
  // If the call returned nothing, the error of its span is shown.
  const failure = call.result?.text ? null : tool?.errorMessage;
  const durationMs = facts?.durationMs ?? (tool ? tool.endTime - tool.startTime : null);
  const attached = (tool && attachedTo(tool)) ?? context.attached.get(call.id ?? "") ?? null;
  return (
    <ToolCard
      name={call.name ?? tool?.name ?? "tool"}
      {...argsOf(args ?? (tool && callOf(tool)))}
      result={call.result}
      displayStatus={displayStatus}
      durationMs={durationMs}
      note={note ?? failure ?? undefined}
      isSelected={spanKey !== null && spanKey === selected}
      onSelect={spanKey !== null && onSelect ? () => onSelect(spanKey) : undefined}
    >
      {attached && <AttachedMedia attached={attached} />}
    </ToolCard>
  );
}

/** A call made before this trace, as contained in the message history. */
export function HistoryCall({ call, result }: { call: ToolCall; result: ToolResult | null }) {
  return (
    <ToolCard
      name={call.name ?? "tool"}
      {...argsOf(call)}
      result={result}
      displayStatus={result?.isError ? "error" : "ok"}
      durationMs={null}
      note={result ? undefined : "no result was sent"}
    />
  );
}

function displayStatusOfCall(
  { result }: Joined,
  status: TranscriptEntry["status"] | null,
  { state }: TranscriptContext,
): { displayStatus: DisplayStatus; note?: string } {
  if (status === "aborted") return { displayStatus: "aborted" };
  if (status === "error" || result?.isError) return { displayStatus: "error" };
  if (result) return { displayStatus: "ok" };
  if (status === "ok") return { displayStatus: "ok", note: "no result was recorded" };
  if (state === "open") return { displayStatus: "running" };
  return { displayStatus: "lost", note: "no end received" };
}

/** A tool span without a known call. */
function UnrequestedTool({ entry }: { entry: TranscriptEntry }) {
  const { selected, onSelect } = useTranscriptContext();
  const { key, name, output, status, errorMessage } = entry;
  const result = output.flatMap(({ parts }) => parts).find((part) => part.type === "toolResult");
  const failure = errorMessage === null ? undefined : errorMessage;
  const note = result || failure ? failure : "no result was recorded";
  const attached = attachedTo(entry);
  return (
    <ToolCard
      name={name}
      {...argsOf(callOf(entry))}
      result={result ?? null}
      displayStatus={status}
      durationMs={entry.endTime - entry.startTime}
      note={note}
      isSelected={key === selected}
      onSelect={onSelect ? () => onSelect(key) : undefined}
    >
      {attached && <AttachedMedia attached={attached} />}
    </ToolCard>
  );
}

export function UnrequestedTools({ entries }: { entries: readonly TranscriptEntry[] }) {
  return foldTools(entries).map((run) =>
    run.length === 1 ? (
      <UnrequestedTool key={run[0]!.key} entry={run[0]!} />
    ) : (
      <ToolRun key={run[0]!.key} run={run} />
    ),
  );
}

/** A run of similar tools as one line: "12 × grep, all ok". */
function ToolRun({ run }: { run: readonly TranscriptEntry[] }) {
  const { folds, selected } = useTranscriptContext();
  const isSought = useSearchMatch();
  const id = `run.${run[0]!.key}`;
  const isOpen = folds.isOpen(
    id,
    run.some(
      ({ key, input, output }) =>
        key === selected || [...input, ...output].some((message) => isSought(textOf(message))),
    ),
  );
  const durationMs = run.reduce((sum, { startTime, endTime }) => sum + endTime - startTime, 0);
  return (
    <>
      <div className="transcript-run">
        <Fold isOpen={isOpen} onToggle={() => folds.toggle(id)}>
          <KindMark kind="tool" />
          {count(run.length)} × {run[0]!.name}, all ok
        </Fold>
        <span className="number dim">
          <Duration ms={durationMs} />
        </span>
      </div>
      {isOpen && run.map((entry) => <UnrequestedTool key={entry.key} entry={entry} />)}
    </>
  );
}

function callOf({ input }: TranscriptEntry): ToolCall | null {
  return callsIn(input)[0] ?? null;
}

function argsOf(call: ToolCall | null) {
  return { args: call?.text ?? null, argsTruncation: call ?? undefined };
}
