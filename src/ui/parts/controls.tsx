/** Small components used by every page. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { keyText, useShortcuts } from "../state/keys.ts";
import { Icon } from "./icon.tsx";

/** The keycap of a shortcut; screen readers use aria-keyshortcuts instead. */
export function Key({ of }: { of: string }) {
  return (
    <kbd className="keycap wide-only" aria-hidden="true">
      {keyText(of)}
    </kbd>
  );
}

const copiedMs = 1_500;

/** True for a moment after copying. */
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

/** Copies a text and confirms it for a moment. */
export function CopyButton({
  text,
  label,
  children,
  className = "button is-quiet is-small is-square",
}: {
  text: string | (() => string | Promise<string>);
  /** What is copied; the accessible name if the button has no text. */
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

/** Two buttons: previous and next. */
export function StepButtons({
  of,
  keys: [previous, next],
  hasKeycap = false,
  onStep,
}: {
  of: string;
  /** The keyboard shortcuts of the buttons. */
  keys: [previous: string, next: string];
  /** Whether the shortcut of "next" is shown. */
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

/** A failed request: the server's message, and a button to retry. */
export function LoadError({ error, retry }: { error: unknown; retry?: () => void }) {
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

/** An empty state: one sentence with the reason and a way out. */
export function EmptyState({ children }: { children: ReactNode }) {
  return <div className="nothing">{children}</div>;
}

/** A modal dialog. The browser keeps the focus inside and restores it afterwards; Escape closes. */
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
  // Shortcuts of the page below are disabled.
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
