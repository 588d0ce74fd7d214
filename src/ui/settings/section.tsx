/** Components that the sections of the settings share. */
import { useState, type FormEvent, type ReactNode } from "react";
import { Dialog, LoadError } from "../parts/controls.tsx";

export interface SectionProps {
  id: string;
  title: string;
  /** What the section is about, in one sentence. */
  about: ReactNode;
  /** A button beside the title, such as "Add". */
  action?: ReactNode;
  children: ReactNode;
}

export function Section({ id, title, about, action, children }: SectionProps) {
  return (
    <section className="settings-section" id={id} aria-labelledby={`${id}-title`}>
      <div className="settings-section-head">
        <div>
          <h2 id={`${id}-title`}>{title}</h2>
          <p>{about}</p>
        </div>
        {action}
      </div>
      <div className="card">{children}</div>
    </section>
  );
}

export function SetRow({
  name,
  children,
  end,
}: {
  name: string;
  children: ReactNode;
  end?: ReactNode;
}) {
  return (
    <div className="settings-row">
      <span>{name}</span>
      <span className="dim">{children}</span>
      <span className="flex">{end}</span>
    </div>
  );
}

/** A dialog that asks for confirmation, runs the action, and shows the server's error if it fails. */
export function AskDialog({
  title,
  verb,
  isDangerous = false,
  isReady = true,
  onClose,
  act,
  children,
}: {
  title: string;
  /** The label of the button. */
  verb: string;
  isDangerous?: boolean;
  isReady?: boolean;
  onClose: () => void;
  act: () => Promise<unknown>;
  children: ReactNode;
}) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await act();
      onClose();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>{title}</h2>
        {children}
        {error !== null && <LoadError error={error} />}
        <div className="ask-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={isDangerous ? "button is-danger" : "button is-primary"}
            disabled={!isReady || isBusy}
          >
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function Field({
  label,
  value,
  set,
  hint,
  isFirst = false,
}: {
  label: string;
  value: string;
  set: (value: string) => void;
  hint?: string;
  isFirst?: boolean;
}) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <input
        type="text"
        value={value}
        autoFocus={isFirst}
        autoComplete="off"
        spellCheck={false}
        placeholder={hint}
        onChange={({ target }) => set(target.value)}
      />
    </label>
  );
}
