/** Views of the list of traces that the user saved. */
import type { Database } from "bun:sqlite";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { NewView, StoredView } from "../../backend/store.ts";
import { AppError } from "../../errors.ts";
import { maxViews } from "../../limits.ts";
import { views } from "../db/schema.ts";

/** As they were saved. */
export function listViews(db: Database): StoredView[] {
  return drizzle(db).select().from(views).orderBy(views.id).all().map(viewOf);
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
  const row = { ...view, columns: JSON.stringify(view.columns) };
  const store = drizzle(db);
  const stored =
    id === null
      ? store.insert(views).values(row).returning().get()
      : store.update(views).set(row).where(eq(views.id, id)).returning().get();
  return viewOf(stored);
}

/** @throws AppError `not_found`. */
export function removeView(db: Database, id: number): void {
  const removed = drizzle(db).delete(views).where(eq(views.id, id)).returning().all();
  if (removed.length === 0) throw noView();
}

function viewOf({ columns, ...row }: typeof views.$inferSelect): StoredView {
  return { ...row, columns: JSON.parse(columns) as string[] };
}

function noView(): AppError {
  return new AppError("not_found", "no such view", { hint: "GET /api/views lists them" });
}
