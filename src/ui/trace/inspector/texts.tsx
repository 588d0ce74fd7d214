/** The input or output of a span: as messages, and as stored. */
import { useState } from "react";
import type { WholeSpan } from "../../data/whole-span.ts";
import { Payload, type PayloadField } from "../../text/payload.tsx";
import { CutNotes, Missing } from "./cuts.tsx";
import { Messages } from "./messages.tsx";

const inputTexts = ["systemPrompt", "input", "toolCatalog"] as const;
const outputTexts = ["output"] as const;

export function Texts({
  whole: { span, messages },
  of,
  onSelect,
}: {
  whole: WholeSpan;
  of: "input" | "output";
  onSelect: (spanKey: number) => void;
}) {
  const isSaid = span.spanType === "llm" || span.spanType === "agent";
  const hasMessages =
    isSaid && (messages[of].length > 0 || (of === "input" && messages.tools.length > 0));
  const fields: PayloadField[] = of === "input" ? ["systemPrompt", "input"] : ["output"];
  const payloads = fields.filter((field) => (span as Record<string, unknown>)[field] !== undefined);
  const [isStored, setStored] = useState(!hasMessages);
  const other = of === "input" ? { output: [] } : { input: [], tools: [] };
  return (
    <>
      {hasMessages && payloads.length > 0 && (
        <div className="segments inspector-choice" role="group" aria-label="Shown">
          <button type="button" aria-pressed={!isStored} onClick={() => setStored(false)}>
            Messages
          </button>
          <button type="button" aria-pressed={isStored} onClick={() => setStored(true)}>
            As stored
          </button>
        </div>
      )}
      {isStored ? (
        payloads.map((field) => (
          <section key={field} className="section">
            {payloads.length > 1 && <h3>{field === "systemPrompt" ? "System prompt" : "Input"}</h3>}
            <CutNotes span={span} of={field} />
            <Payload
              trace={span.traceKey}
              span={span.key}
              field={field}
              isCut={span.cut?.some((cut) => cut.field === field) === true}
            />
          </section>
        ))
      ) : (
        <>
          <Missing>
            {(of === "input" ? inputTexts : outputTexts).map((field) => (
              <CutNotes key={field} span={span} of={field} />
            ))}
          </Missing>
          <Messages messages={{ ...messages, ...other }} onSelect={onSelect} />
        </>
      )}
    </>
  );
}
