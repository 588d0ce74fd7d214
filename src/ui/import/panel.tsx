/** Imports files dropped anywhere on the page, and shows the progress in a panel over all pages. */
import { useEffect, useRef, useState } from "react";
import { useProject, useProjects } from "../data/queries.ts";
import { bytes, plural, textOf } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { StatusMark, type DisplayStatus } from "../parts/status-mark.tsx";
import {
  forgetImports,
  importFiles,
  isUnderWay,
  saveRefused,
  stopImports,
  useImports,
  type Import,
} from "./run.ts";
import "./import.css";

export function Imports() {
  const [project] = useProject();
  const { data: projects = [] } = useProjects();
  const nameOf = (id: string) => id || projects[0]?.name || "the default project";
  const isOver = useDroppedFiles((files) => importFiles(files, project));
  const imports = useImports();
  return (
    <>
      {isOver && (
        <div className="import-over">
          <div className="import-target">
            <b>Drop to import</b>
            <span className="muted">into {nameOf(project)}</span>
            <span className="dim">JSON Lines, as tealight export writes them</span>
          </div>
        </div>
      )}
      {imports.length > 0 && <Panel imports={imports} nameOf={nameOf} />}
    </>
  );
}

/** @returns whether files are being dragged over the page. */
function useDroppedFiles(onDrop: (files: File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  const drop = useRef(onDrop);
  drop.current = onDrop;
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent) =>
      dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      // Otherwise the browser would open the file in place of the page.
      event.preventDefault();
      event.dataTransfer!.dropEffect = "copy";
      setOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent) => {
      // The pointer has left the window, not just an element.
      if (relatedTarget === null) setOver(false);
    };
    const dropped = (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      drop.current([...event.dataTransfer!.files]);
    };
    const handlers = [
      ["dragover", over],
      ["dragleave", leave],
      ["drop", dropped],
    ] as const;
    for (const [name, handler] of handlers) window.addEventListener(name, handler);
    return () => {
      for (const [name, handler] of handlers) window.removeEventListener(name, handler);
    };
  }, []);
  return isOver;
}

function Panel({
  imports,
  nameOf,
}: {
  imports: readonly Import[];
  nameOf: (project: string) => string;
}) {
  const isRunning = imports.some(isUnderWay);
  useEffect(() => {
    if (!isRunning) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isRunning]);
  return (
    <section className="import" aria-label="Import">
      <div className="import-head">
        <span className="strong truncated" role="status">
          {isRunning ? "Importing" : "Imported"} into {nameOf(imports[0]!.project)}
        </span>
        {isRunning ? (
          <button type="button" className="button is-small" onClick={stopImports}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            className="button is-quiet is-small is-square"
            aria-label="Close"
            title="Close"
            onClick={forgetImports}
          >
            <Icon name="close" size="s" />
          </button>
        )}
      </div>
      <ul>
        {imports.map((each, i) => (
          <Row key={i} of={each} />
        ))}
      </ul>
    </section>
  );
}

const displayStatuses: Record<Import["state"], DisplayStatus> = {
  waits: "running",
  runs: "running",
  done: "ok",
  stopped: "aborted",
  failed: "error",
};
const words: Record<Import["state"], string> = {
  waits: "waits",
  runs: "is imported",
  done: "imported",
  stopped: "stopped",
  failed: "failed",
};

function Row({ of }: { of: Import }) {
  const { file, state, problem, doneBytes, refusedLines, refusals } = of;
  const share = file.size === 0 ? 1 : Math.min(1, doneBytes / file.size);
  const isBegun = doneBytes > 0;
  return (
    <li className="import-row">
      <StatusMark
        displayStatus={displayStatuses[state]}
        errorCount={refusedLines}
        words={words[state]}
      />
      <span className="truncated" title={file.name}>
        {file.name}
      </span>
      <span className="number dim">
        {isBegun && state !== "done" && `${textOf(bytes(Math.min(doneBytes, file.size)))} of `}
        {textOf(bytes(file.size))}
      </span>
      {state === "runs" && (
        <progress className="import-bar" value={share} aria-label={`Progress of ${file.name}`} />
      )}
      {problem !== null && <span className="import-line error-text">{problem}</span>}
      <span className="import-line dim">{tallyOf(of)}</span>
      {refusedLines > 0 && (
        <div className="import-line">
          <span className="error-text">{plural(refusedLines, "line")} refused</span>
          <ul className="dim">
            {refusals.map(({ line, reason }) => (
              <li key={line}>
                line {line}: {reason}
              </li>
            ))}
            {refusedLines > refusals.length && <li>and {refusedLines - refusals.length} more</li>}
          </ul>
          <button type="button" className="button is-small" onClick={() => saveRefused(file)}>
            Save the refused lines
          </button>
        </div>
      )}
    </li>
  );
}

/** The progress or result of an import in words. */
function tallyOf({ state, doneBytes, newTraces, newSpans, knownSpans }: Import): string {
  if (state === "waits") return "Waiting for the previous file.";
  if (doneBytes === 0 && state !== "runs") return "Nothing was imported.";
  const fresh = `${plural(newTraces, "trace")}, ${plural(newSpans, "span")} new`;
  const rest =
    knownSpans > 0 ? `; ${plural(knownSpans, "span was", "spans were")} here already` : "";
  return `${fresh}${rest}`;
}
