/** One part of a message: text, thinking, tool call, tool result or media. */
import { useState } from "react";
import type { Part } from "../../messages/model.ts";
import { plural } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { Code } from "./code.tsx";
import { MediaView } from "./media.tsx";
import { Prose } from "./prose.tsx";
import { ToolCard } from "./tool.tsx";
import { TruncationNote, type Truncation } from "./truncated.tsx";

export function PartView({ part }: { part: Part }) {
  switch (part.type) {
    case "text":
      return (
        <>
          <Prose text={part.text} />
          <End of={part} />
        </>
      );
    case "thinking":
      return <Thinking part={part} />;
    case "toolCall":
      return (
        <ToolCard
          name={part.name ?? "tool"}
          args={part.text}
          argsTruncation={part}
          result={null}
          displayStatus="ok"
          durationMs={null}
        />
      );
    case "toolResult":
      return (
        <ToolCard
          name={part.name ?? "result"}
          args={null}
          result={part}
          displayStatus={part.isError ? "error" : "ok"}
          durationMs={null}
        />
      );
    case "media":
      return <MediaView media={part} />;
    case "raw":
      return (
        <>
          <Code text={part.text} maxLines={20} />
          <End of={part} />
        </>
      );
  }
}

function End({ of }: { of: Truncation }) {
  return <TruncationNote of={of} where="the span’s input and output have" />;
}

function Thinking({ part }: { part: Extract<Part, { type: "thinking" }> }) {
  const { text, withheld, fullLength } = part;
  const [isOpen, setOpen] = useState(false);
  if (text === "") {
    return (
      <p className="note">
        Thought{withheld && `, ${withheld}`}, which the provider keeps to itself.
      </p>
    );
  }
  return (
    <div className="text-thinking">
      <button
        type="button"
        className="fold"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "down" : "right"} size="xs" />
        Thought, {plural(fullLength ?? text.length, "character")}
      </button>
      {isOpen && <Prose text={text} />}
      {isOpen && <End of={part} />}
    </div>
  );
}
