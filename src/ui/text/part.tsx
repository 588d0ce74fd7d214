/** One part of a message: what was said, thought, called, got back or attached. */
import { useState } from "react";
import type { Part } from "../../messages/model.ts";
import { bytes, plural, textOf } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { Code } from "./code.tsx";
import { MediaView } from "./media.tsx";
import { Prose } from "./prose.tsx";
import { ToolCard } from "./tool.tsx";

export function PartView({ part }: { part: Part }) {
  switch (part.type) {
    case "text":
      return (
        <>
          <Prose text={part.text} />
          <Clipped part={part} />
        </>
      );
    case "thinking":
      return <Thinking text={part.text} withheld={part.withheld} />;
    case "toolCall":
      return (
        <ToolCard
          name={part.name ?? "tool"}
          args={part.text}
          result={null}
          standing="ok"
          durationMs={null}
        />
      );
    case "toolResult":
      return (
        <ToolCard
          name={part.name ?? "result"}
          args={null}
          result={part}
          standing={part.isError ? "error" : "ok"}
          durationMs={null}
        />
      );
    case "media":
      return <MediaView media={part} />;
    case "raw":
      return (
        <>
          <Code text={part.text} maxLines={20} />
          <Clipped part={part} />
        </>
      );
  }
}

function Clipped({ part }: { part: { text: string; fullLength?: number | undefined } }) {
  if (part.fullLength === undefined) return null;
  return (
    <p className="note">
      The beginning of {textOf(bytes(part.fullLength))}: the span’s input and output have all of it.
    </p>
  );
}

type Withheld = Extract<Part, { type: "thinking" }>["withheld"];

function Thinking({ text, withheld }: { text: string; withheld: Withheld }) {
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
        Thought, {plural(text.length, "character")}
      </button>
      {isOpen && <Prose text={text} />}
    </div>
  );
}
