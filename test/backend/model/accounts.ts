/** What a store holds beside traces. */
import { parseCursor, toCursor } from "../../../src/backend/cursor.ts";
import type { Reader } from "../../../src/backend/reader.ts";
import type { Accounts, NewView, StoredView, UnknownNote } from "../../../src/backend/store.ts";
import type { Notes, Writer } from "../../../src/backend/writer.ts";
import { AppError } from "../../../src/errors.ts";
import type { State } from "./state.ts";

export function accountReads(state: State): Pick<Reader, "counts" | "rejects" | "views"> {
  return {
    counts: () => ({
      traceCount: state.traces.length,
      spanCount: state.traces.reduce((sum, { spans }) => sum + spans.length, 0),
      rejects: { ...state.rejectCounts },
      unknownFields: state.unknown.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt),
    }),
    rejects(limit, cursor) {
      const all = state.rejects.map((reject, at) => ({ ...reject, at })).reverse();
      const [before = Infinity] = cursor === undefined ? [] : parseCursor(cursor, 1);
      const behind = all.filter(({ at }) => at < before);
      const page = behind.slice(0, limit);
      const isMore = behind.length > limit;
      return {
        rejects: page.map(({ at: _, ...reject }) => reject),
        nextCursor: isMore ? toCursor([page.at(-1)!.at]) : null,
      };
    },
    views: () => structuredClone(state.views),
  };
}

type AccountWrites = Pick<
  Writer,
  | "accounts"
  | "createProject"
  | "renameProject"
  | "dropProject"
  | "createKey"
  | "revokeKey"
  | "priceRules"
  | "putPriceRule"
  | "removePriceRule"
  | "priceBook"
  | "writePriceBook"
  | "putView"
  | "removeView"
  | "note"
>;

export function accountWrites(state: State): AccountWrites {
  const { accounts } = state;
  const copy = (): Accounts => structuredClone(accounts);

  function checkName(name: string, id: number | null): void {
    if (accounts.projects.some((project) => project.name === name && project.id !== id))
      throw new AppError("conflict", "a project of this name exists");
  }

  function findById<T extends { id: number }>(list: T[], id: number, what: string): T {
    const found = list.find((each) => each.id === id);
    if (!found) throw new AppError("not_found", `no such ${what}`);
    return found;
  }

  return {
    accounts: copy,
    createProject(name) {
      checkName(name, null);
      accounts.projects.push({ id: state.next(), name, createdAt: Date.now() });
      return copy();
    },
    renameProject(id, name) {
      checkName(name, id);
      findById(accounts.projects, id, "project").name = name;
      state.next();
      return copy();
    },
    dropProject(id) {
      const isGone = !state.traces.some(({ projectId }) => projectId === id);
      const ofOthers = (each: { projectId: number | null }) => each.projectId !== id;
      for (const key of accounts.keys) if (!ofOthers(key)) key.revokedAt ??= Date.now();
      if (isGone) {
        accounts.projects = accounts.projects.filter((project) => project.id !== id);
        accounts.keys = accounts.keys.filter(ofOthers);
        state.views = state.views.filter(ofOthers);
      }
      return { isGone, accounts: copy() };
    },
    createKey(projectId, name, hash) {
      const key = { id: state.next(), projectId, name, hash, createdAt: Date.now() };
      accounts.keys.push({ ...key, lastUsedAt: null, revokedAt: null });
      return copy();
    },
    revokeKey(id) {
      findById(accounts.keys, id, "key").revokedAt ??= Date.now();
      return copy();
    },
    priceRules: () => state.rules.toSorted((a, b) => b.createdAt - a.createdAt || b.id - a.id),
    putPriceRule(rule) {
      const isOther = ({ provider, model }: typeof rule) =>
        provider !== rule.provider || model !== rule.model;
      const id = state.next();
      state.rules = [...state.rules.filter(isOther), { id, ...rule }];
      return id;
    },
    removePriceRule(id) {
      const before = state.rules.length;
      state.rules = state.rules.filter((rule) => rule.id !== id);
      return state.rules.length < before;
    },
    priceBook: () => state.book,
    writePriceBook(book) {
      state.book = book;
    },
    putView: (id, view) => putView(state, id, view),
    removeView(id) {
      findById(state.views, id, "view");
      state.views = state.views.filter((view) => view.id !== id);
    },
    note: (notes) => note(state, notes),
  };
}

function putView(state: State, id: number | null, view: NewView): StoredView {
  const known = state.views.find((each) => each.id === id);
  if (id !== null && !known) throw new AppError("not_found", "no such view");
  if (state.views.some((each) => each.name === view.name && each.id !== id))
    throw new AppError("conflict", "a view of this name exists");
  const stored = { ...view, id: id ?? state.next() };
  if (known) Object.assign(known, stored);
  else state.views.push(stored);
  return { ...stored };
}

function note(state: State, { rejects, dropped, uses, unknown }: Notes): UnknownNote[] {
  state.rejects.push(...rejects);
  const count = (code: string, by: number) =>
    (state.rejectCounts[code] = (state.rejectCounts[code] ?? 0) + by);
  for (const { code } of rejects) count(code, 1);
  for (const more of dropped) count(more.code, more.count);
  for (const { keyId, atMs } of uses) {
    const key = state.accounts.keys.find(({ id }) => id === keyId);
    if (key) key.lastUsedAt = Math.max(key.lastUsedAt ?? 0, atMs);
  }
  const isSame = (a: UnknownNote, b: UnknownNote) =>
    a.keyName === b.keyName &&
    a.userAgent === b.userAgent &&
    a.object === b.object &&
    a.field === b.field;
  return unknown.filter((one) => {
    const known = state.unknown.find((other) => isSame(one, other));
    if (!known) state.unknown.push({ ...one });
    else {
      known.count += one.count;
      known.lastSeenAt = Math.max(known.lastSeenAt, one.lastSeenAt);
    }
    return !known;
  });
}
