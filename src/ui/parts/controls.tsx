/** Small parts that every page uses. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { keyText, useShortcuts } from "../state/keys.ts";
import { Icon } from "./icon.tsx";

/** A keycap beside what the key does; screen readers have aria-keyshortcuts. */
export function Key({ of }: { of: string }) {
  return (
    <kbd className="keycap wide-only" aria-hidden="true">
      {keyText(of)}
    </kbd>
  );
}

const copiedMs = 1_500;

/** True for a moment after something was copied. */
export function useCopied(): [isCopied: boolean, copy: (text: string) => Promise<void>] {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  async function copy(text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setCopied(false), copiedMs);
  }
  return [isCopied, copy];
}

/** Copies, and says for a moment that it did. */
export function CopyButton({
  text,
  label,
  children,
  className = "button is-quiet is-small is-square",
}: {
  text: string | (() => string | Promise<string>);
  /** What is copied: the name for screen readers where there are no words. */
  label: string;
  children?: ReactNode;
  className?: string;
}) {
  const [isCopied, copy] = useCopied();
  return (
    <button
      type="button"
      className={className}
      aria-label={children ? undefined : label}
      title={isCopied ? "Copied" : label}
      onClick={async (event) => {
        event.stopPropagation();
        await copy(typeof text === "string" ? text : await text());
      }}
    >
      <Icon name={isCopied ? "check" : "copy"} size="s" />
      {children && isCopied ? "Copied" : children}
      <span className="visually-hidden" role="status">
        {isCopied ? "copied" : ""}
      </span>
    </button>
  );
}

/** Two buttons: to the one before, and to the one after. */
export function StepButtons({
  of,
  keys: [previous, next],
  hasKeycap = false,
  onStep,
}: {
  of: string;
  /** What does the same, back and forth. */
  keys: [previous: string, next: string];
  /** Whether the key that goes forth is shown. */
  hasKeycap?: boolean;
  onStep: (by: 1 | -1) => void;
}) {
  return (
    <>
      <button
        type="button"
        className="button is-quiet is-small is-square"
        aria-label={`Previous ${of}`}
        title={`Previous ${of} (${previous})`}
        onClick={() => onStep(-1)}
      >
        <Icon name="up" size="s" />
      </button>
      <button
        type="button"
        className={`button is-quiet is-small ${hasKeycap ? "" : "is-square"}`}
        aria-label={`Next ${of}`}
        title={`Next ${of} (${next})`}
        onClick={() => onStep(1)}
      >
        <Icon name="down" size="s" />
        {hasKeycap && <Key of={next} />}
      </button>
    </>
  );
}

/** What could not be read, in the server's own words, and one way out. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { message, hint } = error as { message: string; hint?: string | null };
  return (
    <div className="problem" role="alert">
      <Icon name="warn" size="s" />
      <span>
        {error instanceof TypeError ? "The server does not answer." : message}
        {hint && <span className="dim"> {hint}</span>}
      </span>
      {retry && (
        <button type="button" className="button is-small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** One sentence with the cause, and one way out. */
export function Nothing({ children }: { children: ReactNode }) {
  return <div className="nothing">{children}</div>;
}

/** A modal dialog. The browser keeps the focus inside and gives it back; Escape closes. */
export function Dialog({
  label,
  onClose,
  className = "",
  children,
}: {
  label: string;
  onClose: () => void;
  className?: string;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  // The page below hears no key.
  useShortcuts([], "modal");
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      {children}
    </dialog>
  );
}
