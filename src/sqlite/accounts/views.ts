/** Views of the list of traces that the user saved. */
import type { Database } from "bun:sqlite";
import type { NewView, StoredView } from "../../backend/store.ts";
import { AppError } from "../../errors.ts";
import { maxViews } from "../../limits.ts";

type Row = Omit<StoredView, "columns"> & { columns: string };

const fields = "id, name, projectId, filter, since, until, sort, columns";

/** As they were saved. */
export function listViews(db: Database): StoredView[] {
  return db.query<Row, []>(`SELECT ${fields} FROM views ORDER BY id`).all().map(viewOf);
}

/**
 * Saves a view, or changes the one of this id.
 *
 * @throws AppError `not_found`; `conflict` where the name is taken, or where there are too many.
 */
export function putView(db: Database, id: number | null, view: NewView): StoredView {
  const all = listViews(db);
  if (id !== null && !all.some((each) => each.id === id)) throw noView();
  if (all.some((each) => each.name === view.name && each.id !== id)) {
    throw new AppError("conflict", "a view of this name exists", { hint: "choose another name" });
  }
  if (id === null && all.length >= maxViews) {
    throw new AppError("conflict", `there are ${maxViews} views already`, {
      hint: "delete one that nobody uses",
    });
  }
  const { name, projectId, filter, since, until, sort, columns } = view;
  const row = db
    .query<Row, (string | number | null)[]>(
      `INSERT OR REPLACE INTO views (${fields}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${fields}`,
    )
    .get(id, name, projectId, filter, since, until, sort, JSON.stringify(columns))!;
  return viewOf(row);
}

/** @throws AppError `not_found`. */
export function removeView(db: Database, id: number): void {
  if (db.query("DELETE FROM views WHERE id = ?").run(id).changes === 0) throw noView();
}

function viewOf({ columns, ...row }: Row): StoredView {
  return { ...row, columns: JSON.parse(columns) as string[] };
}

function noView(): AppError {
  return new AppError("not_found", "no such view", { hint: "GET /api/views lists them" });
}
