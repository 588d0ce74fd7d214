/** One message in the inspector, styled by role, with instructions folded. */
import { useState } from "react";
import type { Message } from "../../messages/model.ts";
import { plural } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { visible } from "../parts/visible.ts";
import { PartView } from "./part.tsx";

export function MessageView({ message: { role, name, parts } }: { message: Message }) {
  const isInstruction = role === "system" || role === "developer";
  const [isOpen, setOpen] = useState(!isInstruction);
  const length = parts.reduce((sum, part) => sum + ("text" in part ? part.text.length : 0), 0);
  return (
    <div className="text-message">
      {isInstruction ? (
        <button
          type="button"
          className="fold"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? "down" : "right"} size="xs" />
          {role}, {plural(length, "character")}
        </button>
      ) : (
        <div className="label">{visible(name ?? role)}</div>
      )}
      {isOpen && (
        <div className={role === "user" ? "text-user-message" : ""}>
          {parts.map((part, i) => (
            <PartView key={i} part={part} />
          ))}
        </div>
      )}
    </div>
  );
}
