/** The ingest keys: who may send traces. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { KeyView } from "../../http/admin.ts";
import { ask } from "../data/client.ts";
import { useNow, useProjects } from "../data/queries.ts";
import { ago, exactTime } from "../format.ts";
import { CopyButton, Dialog } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { AskDialog, Field, Section } from "./section.tsx";

type Open =
  | { kind: "new" }
  | { kind: "revoke"; key: KeyView }
  | { kind: "made"; secret: string }
  | null;

export function Keys() {
  const client = useQueryClient();
  const now = useNow(30_000);
  const [open, setOpen] = useState<Open>(null);
  const { data: keys = [] } = useQuery({
    queryKey: ["keys"],
    queryFn: ({ signal }) => ask("GET /api/keys", {}, signal),
    select: (answer) => answer.keys,
  });
  const reread = () => client.invalidateQueries({ queryKey: ["keys"] });
  const close = () => setOpen(null);
  return (
    <Section
      id="keys"
      title="Keys"
      about="A key can only send traces. Reading requires the operator’s token."
      action={
        <button type="button" className="button" onClick={() => setOpen({ kind: "new" })}>
          <Icon name="plus" size="s" />
          New key
        </button>
      }
    >
      <table className="settings-table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Project</th>
            <th>Made</th>
            <th>Last used</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id} className={key.revokedAt === null ? "" : "dim"}>
              <td>{key.name}</td>
              <td>{key.project}</td>
              <td title={exactTime(key.createdAt)}>{ago(key.createdAt, now)}</td>
              <td>{key.lastUsedAt === null ? "never" : ago(key.lastUsedAt, now)}</td>
              <td className="number">
                {key.revokedAt === null ? (
                  <button
                    type="button"
                    className="button is-quiet is-small"
                    aria-label={`Revoke ${key.name}`}
                    onClick={() => setOpen({ kind: "revoke", key })}
                  >
                    Revoke
                  </button>
                ) : (
                  `revoked ${ago(key.revokedAt, now)}`
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {open?.kind === "new" && (
        <NewKey
          onClose={close}
          onMade={(secret) => {
            setOpen({ kind: "made", secret });
            void reread();
          }}
        />
      )}
      {open?.kind === "made" && (
        <Dialog label="The new key" className="ask" onClose={close}>
          <h2>The new key</h2>
          <p>It is shown only once: copy it now.</p>
          <p className="flex">
            <code className="truncated">{open.secret}</code>
            <CopyButton text={open.secret} label="Copy the key" />
          </p>
          <div className="ask-end">
            <button type="button" className="button" onClick={close}>
              Done
            </button>
          </div>
        </Dialog>
      )}
      {open?.kind === "revoke" && (
        <AskDialog
          title={`Revoke ${open.key.name}?`}
          verb="Revoke"
          isDangerous
          onClose={close}
          act={async () => {
            await ask("DELETE /api/keys/:key", { at: { key: open.key.id } });
            await reread();
          }}
        >
          <p>Clients that use this key are refused from now on. Traces sent with it are kept.</p>
        </AskDialog>
      )}
    </Section>
  );
}

function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const { data: projects = [] } = useProjects();
  const [name, setName] = useState("");
  const [project, setProject] = useState("");
  const chosen = project || projects[0]?.name;
  return (
    <AskDialog
      title="New key"
      verb="Create key"
      isReady={name.trim() !== ""}
      // The dialog that shows the new key replaces this one.
      onClose={onClose}
      act={async () => {
        const body = { name: name.trim(), ...(chosen && { project: chosen }) };
        const { key } = await ask("POST /api/keys", { body });
        queueMicrotask(() => onMade(key.secret));
      }}
    >
      <Field label="Name" value={name} set={setName} hint="ci runner" isFirst />
      <label className="field">
        <span className="label">Project</span>
        <select value={chosen} onChange={({ target }) => setProject(target.value)}>
          {projects.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </AskDialog>
  );
}
