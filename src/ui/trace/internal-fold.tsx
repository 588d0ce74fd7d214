/** The internal spans of a trace as one line: how many there are, and what they are called. */
import { useMemo } from "react";
import { count as countText, plural } from "../format.ts";
import { Fold } from "../transcript/fold.tsx";
import type { InternalSwitch } from "./internal.ts";

const shownNames = 12;

export function InternalFold({ of: { count, names, isOn, set } }: { of: InternalSwitch }) {
  const most = useMemo(() => (isOn ? names() : []), [isOn, names]);
  if (count === 0) return null;
  const others = most.length - shownNames;
  return (
    <div className="trace-internal">
      <Fold
        isOpen={isOn}
        onToggle={() => set(!isOn)}
        title="What the sender’s runtime did, without errors, texts or model calls (i)"
      >
        {plural(count, "internal span")}
      </Fold>
      {isOn && (
        <p className="dim">
          {most
            .slice(0, shownNames)
            .map(([name, times]) => (times > 1 ? `${name} ×${countText(times)}` : name))
            .join(", ")}
          {others > 0 && `, ${plural(others, "more name")}`}
        </p>
      )}
    </div>
  );
}
