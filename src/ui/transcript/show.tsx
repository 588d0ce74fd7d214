/** The switch between new messages and all messages of each step. */
import { useParam } from "../state/url.ts";

const choices = [
  ["new", "New messages"],
  ["all", "Everything"],
] as const;

export function ShowSwitch() {
  const [show, setShow] = useParam<"new" | "all">("show", "new");
  return (
    <div className="segments transcript-show" role="group" aria-label="Messages of each step">
      {choices.map(([value, label]) => (
        <button
          key={value}
          type="button"
          aria-pressed={show === value}
          onClick={() => setShow(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
