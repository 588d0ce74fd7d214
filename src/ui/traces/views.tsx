/** Saved views: filter, sort order and columns, stored on the server for all browsers. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { TraceSort } from "../../backend/traces.ts";
import type { ViewView } from "../../http/views.ts";
import { ask } from "../data/client.ts";
import { CopyButton, Dialog, LoadError } from "../parts/controls.tsx";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import { newestFirst, useScope } from "../query/scope.ts";
import { useParam, useSetParams } from "../state/url.ts";
import { useColumnChoice, usualColumns } from "./column-choice.ts";
import "./views.css";

type ViewState = Omit<ViewView, "id" | "name">;

export function ViewsMenu() {
  const { shown, apply } = useViewState();
  const chosen = useColumnChoice();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["views"],
    queryFn: ({ signal }) => ask("GET /api/views", {}, signal),
    select: ({ views }) => views,
  });
  // The view applied last: later changes can be saved to it.
  const [applied, setApplied] = useParam<string>("saved", "");
  const [asked, setAsked] = useState<Asked | null>(null);
  const views = data ?? [];
  const current = views.find(({ id }) => String(id) === applied);
  const isChanged = current !== undefined && !isSame(current, shown);
  const changed = async <T,>(work: Promise<T>): Promise<T> => {
    const result = await work;
    await client.invalidateQueries({ queryKey: ["views"] });
    return result;
  };
  const save = async (name: string) => {
    const { view } = await changed(ask("POST /api/views", { body: { name, ...shown } }));
    setApplied(String(view.id), { replace: true });
  };
  const put = (id: number, body: ViewState & { name: string }) =>
    changed(ask("PUT /api/views/:view", { at: { view: id }, body }));
  const rename = ({ id, ...fields }: ViewView, name: string) => put(id, { ...fields, name });
  return (
    <>
      <Dropdown
        className="button is-quiet views-opener"
        label={current ? `Views: ${current.name}` : "Views"}
        button={
          <>
            <Icon name="bookmark" />
            {current && <span className="truncated views-current wide-only">{current.name}</span>}
            {isChanged && <span className="dim wide-only">changed</span>}
          </>
        }
        panelClassName="views-menu"
      >
        {(close) => (
          <>
            {error && <LoadError error={error} retry={() => void refetch()} />}
            {!error && views.length === 0 && <p className="note">No view is saved yet.</p>}
            <ul>
              {views.map((view) => (
                <li key={view.id}>
                  <button
                    type="button"
                    className="popover-item"
                    aria-current={view === current}
                    title={view.filter || "All traces"}
                    onClick={() => {
                      apply(view);
                      close();
                    }}
                  >
                    <span className="views-check">
                      {view === current && !isChanged && <Icon name="check" size="s" />}
                    </span>
                    <span className="truncated">{view.name}</span>
                  </button>
                  <Small
                    name="pencil"
                    label={`Rename ${view.name}`}
                    run={() => setAsked({ what: "rename", view })}
                  />
                  <Small
                    name="trash"
                    label={`Delete ${view.name}`}
                    run={() => setAsked({ what: "delete", view })}
                  />
                </li>
              ))}
            </ul>
            <hr />
            {isChanged && (
              <button
                type="button"
                className="popover-item"
                onClick={() => {
                  close();
                  void put(current.id, { ...shown, name: current.name });
                }}
              >
                <Icon name="check" size="s" />
                <span className="truncated">Update “{current.name}”</span>
              </button>
            )}
            <button
              type="button"
              className="popover-item"
              onClick={() => setAsked({ what: "save", view: null })}
            >
              <Icon name="plus" size="s" />
              Save this view…
            </button>
            <CopyButton
              className="popover-item"
              text={() => linkWith(chosen.text)}
              label="Copy the link to this view"
            >
              Copy link to this view
            </CopyButton>
          </>
        )}
      </Dropdown>
      {asked && (
        <AskDialog
          key={asked.what}
          asked={asked}
          onClose={() => setAsked(null)}
          act={async (name) => {
            const { view } = asked;
            if (view === null) await save(name);
            else if (asked.what === "rename") await rename(view, name);
            else await changed(ask("DELETE /api/views/:view", { at: { view: view.id } }));
          }}
        />
      )}
    </>
  );
}

/**
 * The address of the list, with the columns included even if they come from this browser's preference.
 */
function linkWith(columns: string): string {
  const url = new URL(location.href);
  if (columns !== usualColumns.join(",")) url.searchParams.set("columns", columns);
  return url.href;
}

type Asked = { what: "save"; view: null } | { what: "rename" | "delete"; view: ViewView };

function Small({ name, label, run }: { name: "pencil" | "trash"; label: string; run: () => void }) {
  return (
    <button
      type="button"
      className="button is-quiet is-small is-square"
      aria-label={label}
      title={label}
      onClick={run}
    >
      <Icon name={name} size="s" />
    </button>
  );
}

const titles = { save: "Save this view", rename: "Rename the view", delete: "Delete the view?" };
const verbs = { save: "Save", rename: "Rename", delete: "Delete" };

function AskDialog({
  asked: { what, view },
  onClose,
  act,
}: {
  asked: Asked;
  onClose: () => void;
  act: (name: string) => Promise<void>;
}) {
  const [name, setName] = useState(view?.name ?? "");
  const [error, setError] = useState<unknown>(null);
  const isDelete = what === "delete";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await act(name.trim());
      onClose();
    } catch (cause) {
      setError(cause);
    }
  };
  return (
    <Dialog label={titles[what]} className="ask" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>{titles[what]}</h2>
        {isDelete ? (
          <p>“{name}” goes from every browser. Its traces stay.</p>
        ) : (
          <label className="field">
            <span className="label">Name</span>
            <input
              type="text"
              value={name}
              maxLength={64}
              autoFocus
              autoComplete="off"
              onChange={({ target }) => setName(target.value)}
            />
          </label>
        )}
        {error !== null && <LoadError error={error} />}
        <div className="ask-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={isDelete ? "button is-danger" : "button is-primary"}
            disabled={name.trim() === ""}
          >
            {verbs[what]}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The current state of the list, and a function that applies a saved one. */
function useViewState(): { shown: ViewState; apply: (view: ViewView) => void } {
  const { filter, since, until, project } = useScope();
  const [sort] = useParam<TraceSort>("sort", newestFirst);
  const { ids, choose } = useColumnChoice();
  const set = useSetParams();
  return {
    shown: {
      filter,
      since,
      until,
      sort,
      project: project || null,
      columns: [...ids],
    },
    apply(view) {
      const { id, filter, since, until, sort, project } = view;
      if (view.columns.length > 0) choose(view.columns);
      set({
        ...{ filter, since, until, project, saved: String(id), peek: null },
        sort: sort === newestFirst ? null : sort,
      });
    },
  };
}

function isSame(view: ViewView, shown: ViewState): boolean {
  const key = ({ filter, since, until, sort, project, columns }: ViewState) =>
    JSON.stringify([filter.trim(), since, until, sort, project, columns]);
  return key(view) === key(shown);
}
