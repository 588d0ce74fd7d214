/** A line that expands the content below it. */
import type { ReactNode } from "react";
import { Icon } from "../parts/icon.tsx";

export function Fold({
  isOpen,
  onToggle,
  title,
  children,
}: {
  isOpen: boolean;
  onToggle: () => void;
  title?: string;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="fold"
      aria-expanded={isOpen}
      title={title}
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
    >
      <Icon name={isOpen ? "down" : "right"} size="xs" />
      {children}
    </button>
  );
}

/** A line of the transcript: the speaker in the left column, the message beside it. */
export function Turn({ who, children }: { who?: string | undefined; children: ReactNode }) {
  return (
    <div className="transcript-turn">
      <div className="transcript-gutter">{who}</div>
      <div className="transcript-said">{children}</div>
    </div>
  );
}
