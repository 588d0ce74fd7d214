/** All messages sent to and received from a model call, newest first. */
import { useState } from "react";
import type { Message } from "../../../messages/model.ts";
import type { SpanMessages } from "../../../query/news.ts";
import { plural } from "../../format.ts";
import { Icon } from "../../parts/icon.tsx";
import { MessageView } from "../../text/message.tsx";
import { Tools } from "./tools.tsx";

/** How many more messages are rendered at once. */
const pageSize = 20;

export function Messages({
  messages: { input, output, tools, newFrom, earlier, isEdited },
  onSelect,
}: {
  messages: SpanMessages;
  onSelect: (spanKey: number) => void;
}) {
  const [shown, setShown] = useState(0);
  const isInstruction = ({ role }: Message) => role === "system" || role === "developer";
  const rules = input.filter(isInstruction);
  const fresh = input.slice(newFrom).filter((message) => !isInstruction(message));
  const before = input.slice(0, newFrom).filter((message) => !isInstruction(message));
  const from = Math.max(0, before.length - shown);
  return (
    <>
      {output.length > 0 && (
        <section className="section">
          <h3>Output</h3>
          <List messages={output} />
        </section>
      )}
      {fresh.length > 0 && (
        <section className="section">
          <h3>
            {earlier ? "New in this call" : "Input"}
            <span className="section-end">{plural(fresh.length, "message")}</span>
          </h3>
          {isEdited && (
            <p className="note inspector-warning">
              <Icon name="warn" size="xs" /> The history was changed: these replace what was sent
              before.
            </p>
          )}
          <List messages={fresh} />
        </section>
      )}
      {before.length > 0 && (
        <section className="section">
          <h3>
            Unchanged since
            {earlier && (
              <button type="button" className="link" onClick={() => onSelect(earlier.key)}>
                the earlier call
              </button>
            )}
          </h3>
          {from > 0 && (
            <button type="button" className="fold" onClick={() => setShown(shown + pageSize)}>
              <Icon name="right" size="xs" />
              {plural(from, "earlier message")}
            </button>
          )}
          <List messages={before.slice(from)} />
        </section>
      )}
      {rules.length > 0 && (
        <section className="section">
          <h3>Instructions</h3>
          <List messages={rules} />
        </section>
      )}
      {tools.length > 0 && (
        <section className="section">
          <h3>Tools offered</h3>
          <Tools tools={tools} />
        </section>
      )}
    </>
  );
}

function List({ messages }: { messages: readonly Message[] }) {
  return messages.map((message, i) => <MessageView key={i} message={message} />);
}
