/**
 * One message, styled by its role: the user's as a filled block, the model's as prose, instructions
 * folded.
 */
import type { Message, Part, ToolResult } from "../../messages/model.ts";
import { count, plural } from "../format.ts";
import { PartView } from "../text/part.tsx";
import { Prose } from "../text/prose.tsx";
import { useSearchMatch } from "../text/search-words.ts";
import { TruncationNote } from "../text/truncated.tsx";
import { HistoryCall } from "./calls.tsx";
import { Fold, Turn } from "./fold.tsx";
import { useTranscriptContext } from "./transcript-context.ts";

/** How much of a user's message is shown; a longer one can be expanded. */
const userLength = 1_000;
const userLines = 14;

/** @param id identifies the place, to keep its folds open. */
export function SpokenMessage({
  message,
  id,
  isFirstCall = false,
  results,
}: {
  message: Message;
  id: string;
  isFirstCall?: boolean;
  /** The results of the calls in the message, by call id. */
  results?: ReadonlyMap<string, ToolResult>;
}) {
  const who = message.name ?? message.role;
  if (message.role === "system" || message.role === "developer")
    return <Instructions message={message} id={id} isFirstCall={isFirstCall} />;
  if (message.role === "user") {
    return (
      <Turn who={who}>
        <div className="text-user-message">
          {message.parts.map((part, i) => (
            <UserPart key={i} part={part} id={`${id}.${i}`} />
          ))}
        </div>
      </Turn>
    );
  }
  return (
    <Turn who={message.role === "assistant" ? undefined : who}>
      {message.parts.map((part, i) =>
        part.type === "toolCall" ? (
          <HistoryCall key={i} call={part} result={results?.get(part.id ?? "") ?? null} />
        ) : (
          <AnswerPart key={i} part={part} id={`${id}.${i}`} />
        ),
      )}
    </Turn>
  );
}

function Instructions({
  message,
  id,
  isFirstCall,
}: {
  message: Message;
  id: string;
  isFirstCall: boolean;
}) {
  const { folds } = useTranscriptContext();
  const isSought = useSearchMatch();
  const isOpen = folds.isOpen(id, message.parts.some(hasIn(isSought)));
  const length = message.parts.reduce((sum, part) => sum + lengthOf(part), 0);
  return (
    <Turn who={message.role}>
      <Fold isOpen={isOpen} onToggle={() => folds.toggle(id)}>
        {plural(length, "character")}
        {isFirstCall && ", sent with every call"}
      </Fold>
      {isOpen && message.parts.map((part, i) => <PartView key={i} part={part} />)}
    </Turn>
  );
}

function UserPart({ part, id }: { part: Part; id: string }) {
  const { folds } = useTranscriptContext();
  const isSought = useSearchMatch();
  if (part.type !== "text") return <PartView part={part} />;
  const cut = cutAt(part.text);
  if (cut === null) return <PartView part={part} />;
  const isOpen = folds.isOpen(id, isSought(part.text.slice(cut)));
  return (
    <>
      {isOpen ? <PartView part={part} /> : <Prose text={part.text.slice(0, cut).trimEnd()} />}
      <Fold isOpen={isOpen} onToggle={() => folds.toggle(id)}>
        {isOpen ? "show less" : `show all ${count(lengthOf(part))} characters`}
      </Fold>
    </>
  );
}

/** A part of a model's message; tool calls are shown with their results instead. */
export function AnswerPart({
  part,
  id,
  tokens,
}: {
  part: Part;
  id: string;
  tokens?: number | undefined;
}) {
  if (part.type === "thinking") return <Thinking part={part} id={id} tokens={tokens} />;
  return <PartView part={part} />;
}

function Thinking({
  part,
  id,
  tokens,
}: {
  part: Extract<Part, { type: "thinking" }>;
  id: string;
  tokens: number | undefined;
}) {
  const { folds } = useTranscriptContext();
  const isSought = useSearchMatch();
  const size = tokens === undefined ? "" : `, ${plural(tokens, "token")}`;
  if (part.text === "") {
    const how = part.withheld === undefined ? "" : `, ${part.withheld}`;
    return (
      <p className="fold">
        Thought{size}
        {how}; the provider keeps it to itself
      </p>
    );
  }
  const isOpen = folds.isOpen(id, isSought(part.text));
  return (
    <div className="text-thinking">
      <Fold isOpen={isOpen} onToggle={() => folds.toggle(id)}>
        Thought{size || `, ${plural(lengthOf(part), "character")}`}
      </Fold>
      {isOpen && <Prose text={part.text} />}
      {isOpen && <TruncationNote of={part} where="the span’s input and output have" />}
    </div>
  );
}

const hasIn = (isSought: (text: string) => boolean) => (part: Part) =>
  "text" in part && isSought(part.text);

function lengthOf(part: Part): number {
  return "text" in part ? (part.fullLength ?? part.text.length) : 0;
}

/** Where a long text is clipped, at the end of a line; null for a short text. */
function cutAt(text: string): number | null {
  let end = 0;
  for (let line = 0; line < userLines; line++) {
    const next = text.indexOf("\n", end);
    if (next < 0 || next > userLength) break;
    end = next + 1;
  }
  const isLong = text.length > userLength || text.indexOf("\n", end) >= 0;
  // A text that is only a few lines longer is not clipped.
  if (!isLong || text.length < end * 1.25) return null;
  return end > userLength / 4 ? end : Math.min(userLength, text.length);
}
