/** The tools offered to a model. */
import { useState } from "react";
import type { Tool } from "../../../messages/model.ts";
import { Icon } from "../../parts/icon.tsx";
import { KindMark } from "../../parts/status-mark.tsx";
import { JsonTree } from "../../text/json.tsx";

export function Tools({ tools }: { tools: readonly Tool[] }) {
  return (
    <ul className="inspector-tools">
      {tools.map((tool, i) => (
        <Offered key={i} tool={tool} />
      ))}
    </ul>
  );
}

function Offered({ tool: { name, description, parameters } }: { tool: Tool }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <button
        type="button"
        className="inspector-tool"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "down" : "right"} size="xs" />
        <KindMark kind="tool" />
        <span className="mono">{name}</span>
        {!isOpen && <span className="dim truncated">{description}</span>}
      </button>
      {isOpen && (
        <div className="inspector-tool-body">
          <p className="muted">{description ?? "No description."}</p>
          {parameters === undefined ? (
            <p className="dim">No schema was sent.</p>
          ) : (
            <JsonTree text={parameters} />
          )}
        </div>
      )}
    </li>
  );
}
