/** Projects, which separate traces. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { AnswerOf } from "../../api.ts";
import { ask } from "../data/client.ts";
import { useNow, useProjects } from "../data/queries.ts";
import { ago, exactTime, plural } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { AskDialog, Field, Section } from "./section.tsx";

type Open = { kind: "new" } | { kind: "rename" | "delete"; name: string } | null;

export function Projects() {
  const client = useQueryClient();
  const now = useNow(60_000);
  const { data: projects = [] } = useProjects();
  const [open, setOpen] = useState<Open>(null);
  const reread = () => client.invalidateQueries({ queryKey: ["projects"] });
  return (
    <Section
      id="projects"
      title="Projects"
      about="Each key belongs to one project; the first project is the default."
      action={
        <button type="button" className="button" onClick={() => setOpen({ kind: "new" })}>
          <Icon name="plus" size="s" />
          New project
        </button>
      }
    >
      <table className="settings-table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Made</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {projects.map(({ name, createdAt }, i) => (
            <tr key={name}>
              <td>{name}</td>
              <td title={exactTime(createdAt)}>{ago(createdAt, now)}</td>
              <td className="number">
                <button
                  type="button"
                  className="button is-quiet is-small"
                  aria-label={`Rename ${name}`}
                  onClick={() => setOpen({ kind: "rename", name })}
                >
                  Rename
                </button>
                {i > 0 && (
                  <button
                    type="button"
                    className="button is-quiet is-small is-danger"
                    aria-label={`Delete ${name}`}
                    onClick={() => setOpen({ kind: "delete", name })}
                  >
                    Delete
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {open && open.kind !== "delete" && (
        <NameDialog
          before={open.kind === "rename" ? open.name : null}
          onClose={() => setOpen(null)}
          onDone={reread}
        />
      )}
      {open?.kind === "delete" && (
        <DeleteProject name={open.name} onClose={() => setOpen(null)} onDone={reread} />
      )}
    </Section>
  );
}

interface DialogProps {
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** @param before the project to rename; null for a new one. */
function NameDialog({ before, onClose, onDone }: DialogProps & { before: string | null }) {
  const [name, setName] = useState(before ?? "");
  return (
    <AskDialog
      title={before === null ? "New project" : `Rename ${before}`}
      verb={before === null ? "Add it" : "Rename"}
      isReady={name.trim() !== "" && name !== before}
      onClose={onClose}
      act={async () => {
        const body = { name: name.trim() };
        if (before === null) await ask("POST /api/projects", { body });
        else await ask("PATCH /api/projects/:project", { at: { project: before }, body });
        await onDone();
      }}
    >
      <Field label="Name" value={name} set={setName} isFirst />
    </AskDialog>
  );
}

/** Requires the project's name to be typed, because deletion cannot be undone. */
function DeleteProject({ name, onClose, onDone }: DialogProps & { name: string }) {
  const [typed, setTyped] = useState("");
  const remove = (query: { dryRun?: "1"; cursor?: string | null }) =>
    ask("DELETE /api/projects/:project", { at: { project: name }, query });
  const { data } = useQuery({
    queryKey: ["would-delete", name],
    queryFn: () => remove({ dryRun: "1" }),
    staleTime: 0,
  });
  const many =
    data && "traces" in data
      ? `${plural(data.traces, "trace")}${data.nextCursor ? " or more" : ""}`
      : "its traces";
  return (
    <AskDialog
      title={`Delete ${name}?`}
      verb="Delete"
      isDangerous
      isReady={typed === name}
      onClose={onClose}
      act={async () => {
        // Large projects are deleted in several requests.
        let cursor: string | null = null;
        do {
          const answer: AnswerOf<"DELETE /api/projects/:project"> = await remove({ cursor });
          cursor = answer.nextCursor;
        } while (cursor !== null);
        await onDone();
      }}
    >
      <p>
        Its keys and {many} are deleted with it. This cannot be undone. A project with pinned traces
        cannot be deleted.
      </p>
      <Field label={`Type ${name}`} value={typed} set={setTyped} isFirst />
    </AskDialog>
  );
}
