/**
 * The menu that chooses the columns of the list: which, in which order, and columns for metadata and
 * attribute keys.
 */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { quote } from "../../filter/caret.ts";
import { parseColumns } from "../../filter/parse.ts";
import { ask } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import {
  isKeyColumn,
  maxKeyColumns,
  moveColumn,
  requestedKeys,
  splitIds,
  useColumnChoice,
  usualColumns,
} from "./column-choice.ts";
import { columnOf, columns } from "./columns.tsx";

export function ColumnsMenu() {
  return (
    <Dropdown
      className="button is-quiet is-square"
      label="Columns"
      button={<Icon name="columns" />}
      panelClassName="traces-columns"
    >
      {() => <Choice />}
    </Dropdown>
  );
}

function Choice() {
  const { ids, choose } = useColumnChoice();
  const list = useRef<HTMLDivElement>(null);
  // The focused item may move when the columns change order: the focus moves with it.
  const pressed = useRef<string | null>(null);
  useEffect(() => {
    if (pressed.current === null) return;
    const buttons = [...list.current!.querySelectorAll("button")];
    buttons.find(({ ariaLabel, name }) => (ariaLabel || name) === pressed.current)?.focus();
    pressed.current = null;
  }, [ids]);
  const change = (next: readonly string[], focus: string) => {
    pressed.current = focus;
    choose(next);
  };
  const known = ids.filter((id) => columnOf(id) !== undefined);
  return (
    <div ref={list}>
      <p className="note traces-columns-narrow">
        A window as narrow as this one shows two lines instead of columns.
      </p>
      {known.map((id, i) => (
        <div key={id} className="traces-column">
          <Tick
            id={id}
            isOn
            isFixed={id === "trace"}
            toggle={() =>
              change(
                ids.filter((each) => each !== id),
                id,
              )
            }
          />
          {([-1, 1] as const).map((by) => (
            <Move
              key={by}
              id={id}
              by={by}
              isEnd={i === (by < 0 ? 0 : known.length - 1)}
              move={(label) => change(moveColumn(known, id, by), label)}
            />
          ))}
        </div>
      ))}
      <hr />
      <AddKeyColumn ids={ids} add={(id) => choose([...ids, id])} />
      <hr />
      {columns
        .filter(({ id }) => !ids.includes(id))
        .map(({ id }) => (
          <div key={id} className="traces-column">
            <Tick id={id} toggle={() => change([...ids, id], id)} />
          </div>
        ))}
      {ids.join() !== usualColumns.join() && (
        <>
          <hr />
          <button type="button" className="popover-item" onClick={() => choose(usualColumns)}>
            Default columns
          </button>
        </>
      )}
    </div>
  );
}

function Tick({
  id,
  isOn = false,
  isFixed = false,
  toggle,
}: {
  id: string;
  isOn?: boolean;
  isFixed?: boolean;
  toggle: () => void;
}) {
  const { name, about } = columnOf(id)!;
  return (
    <button
      type="button"
      name={id}
      className="popover-item"
      role="checkbox"
      aria-checked={isOn}
      disabled={isFixed}
      title={about}
      onClick={toggle}
    >
      <span className={`traces-box ${isOn ? "is-on" : ""}`}>{isOn && <Icon name="check" />}</span>
      <span className="truncated">{about ?? name}</span>
    </button>
  );
}

function Move({
  id,
  by,
  isEnd,
  move,
}: {
  id: string;
  by: 1 | -1;
  isEnd: boolean;
  move: (label: string) => void;
}) {
  const label = `Move ${columnOf(id)!.name} to the ${by < 0 ? "left" : "right"}`;
  return (
    <button
      type="button"
      className="button is-quiet is-small is-square"
      aria-label={label}
      title={label}
      disabled={isEnd}
      onClick={() => move(label)}
    >
      <Icon name={by < 0 ? "up" : "down"} size="s" />
    </button>
  );
}

const maxSuggestions = 6;

/** Adds a column for a metadata or attribute key; suggests the keys of the newest traces. */
function AddKeyColumn({ ids, add }: { ids: readonly string[]; add: (id: string) => void }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [project] = useProject();
  const { data: keys = [] } = useQuery({
    queryKey: ["own-columns", project],
    queryFn: async ({ signal }) => {
      const named = async (key: string) => {
        const query = { filter: `${key}.`, project: project || null };
        const { items } = await ask("GET /api/complete", { query }, signal);
        return items.map(({ text }) => `${key}.${quote(text)}`);
      };
      return (await Promise.all([named("meta"), named("attr")])).flat();
    },
    staleTime: 10_000,
  });
  const isFull = splitIds(requestedKeys(ids)).length >= maxKeyColumns;
  const wanted = text.trim().toLowerCase();
  const offered = keys
    .filter((key) => !ids.includes(key) && key.toLowerCase().includes(wanted))
    .slice(0, maxSuggestions);
  const take = (id: string) => {
    add(id);
    setText("");
    setProblem(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const id = text.trim();
    const reason = whyNot(id);
    if (reason === null) take(id);
    else setProblem(reason);
  };
  if (isFull) return <p className="note">No more than {maxKeyColumns} keys at a time.</p>;
  return (
    <form className="traces-own" onSubmit={submit}>
      <label className="field">
        <span className="label">Metadata or attribute</span>
        <input
          type="text"
          value={text}
          autoComplete="off"
          spellCheck={false}
          placeholder="meta.env or attr.user.id"
          onChange={({ target }) => {
            setText(target.value);
            setProblem(null);
          }}
        />
      </label>
      {problem !== null && (
        <p className="note error-text" role="alert">
          {problem}
        </p>
      )}
      {offered.map((key) => (
        <button key={key} type="button" className="popover-item" onClick={() => take(key)}>
          <Icon name="plus" size="s" />
          <span className="truncated">{key}</span>
        </button>
      ))}
    </form>
  );
}

/** Why a key is not accepted; null if it is valid. */
function whyNot(id: string): string | null {
  if (!isKeyColumn(id)) return "Write meta.KEY for metadata or attr.KEY for an attribute.";
  try {
    return parseColumns(id, 1).length === 1 ? null : "Only one key at a time.";
  } catch (cause) {
    const { hint } = cause as { hint?: string };
    return hint ?? "This key is not valid.";
  }
}
