/**
 * Spans from log events. Records that say what an agent did are kept for a day by session; whenever some
 * come, or a span that may say the same, the session is put together anew (assemble.ts), and what differs
 * from before is written: a span is made, changed, taken away, or the records join the span that was sent.
 */
import type { Database } from "bun:sqlite";
import type { MakeSpan } from "../../backend/writer.ts";
import type { Claim, LogPiece } from "../../contract/units.ts";
import { assemble, type Place, type Unit } from "../../joining/assemble.ts";
import { excessOf, lengthOf, type KeptPiece } from "../../joining/excess.ts";
import type { Piece, PlacedClaim } from "../../joining/match.ts";
import { units as limits } from "../../limits.ts";
import { columnsBut, prepareInsert, type Cells } from "../db/columns.ts";
import { logPieces, logSessions, logUnits, type claims } from "../db/schema.ts";

/** What is done with spans. */
export interface SpanOperations {
  has(projectId: number, place: Place): boolean;
  /** Writes a made span; it replaces what was made before. */
  make(owner: Owner, traceId: string, sent: ReturnType<MakeSpan>, logs: string[]): void;
  /** Takes a made span away. */
  unmake(owner: Owner, place: Place): void;
  /** Gives a span that was sent these records, and takes those away. */
  join(owner: Owner, place: Place, logs: string[], removed: string[]): unknown;
}

export interface Owner {
  projectId: number;
  receivedAt: number;
}

export interface UnitStore {
  put(owner: Owner, pieces: LogPiece[]): void;
  /** To be called where a span is stored anew with a claim, or without the one it may have had. */
  claim(owner: Owner, place: Place, claim: Claim | undefined): void;
  /** To be called for each span that is new, and was sent. */
  spanCame(owner: Owner, traceId: string): void;
  /** Puts the sessions together that changed. To be called before the commit. */
  flush(): void;
  /** Forgets the records and spans of a trace that the user deletes. */
  dropTrace(projectId: number, traceId: string): void;
  /** To be called after a rollback. */
  forget(): void;
}

type Stored = Omit<typeof logUnits.$inferSelect, "projectId" | "session">;

/** Everything happens inside a transaction of the caller. */
export function createUnitStore(
  db: Database,
  makeSpan: MakeSpan,
  operations: SpanOperations,
): UnitStore {
  const insertPiece = prepareInsert(db, logPieces, columnsBut(logPieces, ["id"]), {
    or: "IGNORE",
  });
  const selectPieces = db.query<PieceRow, [number, string]>(
    "SELECT hash, traceId, spanId, length, facts FROM logPieces WHERE projectId = ? AND session = ?",
  );
  const selectRecord = db.query<{ resource: string; json: string }, [number, string, string]>(
    "SELECT resource, json FROM logPieces WHERE projectId = ? AND session = ? AND hash = ?",
  );
  const deletePiece = db.query<null, [number, string, string]>(
    "DELETE FROM logPieces WHERE projectId = ? AND session = ? AND hash = ?",
  );
  const sessionsNaming = db.query<{ session: string }, [string, number]>(
    `SELECT DISTINCT session FROM logPieces
     WHERE traceId = ? AND projectId = ? AND traceId <> ''`,
  );
  const sessionsClaiming = db.query<{ session: string }, [string, number]>(
    "SELECT DISTINCT session FROM claims WHERE traceId = ? AND projectId = ? AND session IS NOT NULL",
  );
  const insertClaim = db.query<
    { session: string | null },
    [number, string | null, string, string, number, string]
  >(
    `INSERT INTO claims (projectId, session, traceId, spanId, receivedAt, facts)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (traceId, spanId, projectId) DO UPDATE SET
       session = excluded.session, receivedAt = excluded.receivedAt, facts = excluded.facts
     WHERE facts <> excluded.facts
     RETURNING session`,
  );
  const claimsOfSession = db.query<ClaimRow, [number, string]>(
    `SELECT traceId, spanId, facts FROM claims WHERE projectId = ? AND session = ?
     ORDER BY id DESC LIMIT ${limits.sessionClaims}`,
  );
  const claimsOfTrace = db.query<ClaimRow, [string, number]>(
    `SELECT traceId, spanId, facts FROM claims
     WHERE traceId = ? AND projectId = ? AND session IS NULL
     ORDER BY id DESC LIMIT ${limits.sessionClaims}`,
  );
  const selectUnits = db.query<Stored, [number, string]>(
    `SELECT key, traceId, spanId, isJoined, state FROM logUnits
     WHERE projectId = ? AND session = ?`,
  );
  const putUnit = prepareInsert(db, logUnits, columnsBut(logUnits, []), { or: "REPLACE" });
  const deleteUnit = db.query<null, [number, string, string]>(
    "DELETE FROM logUnits WHERE projectId = ? AND session = ? AND key = ?",
  );
  const deleteUnits = db.query<null, [number, string]>(
    "DELETE FROM logUnits WHERE projectId = ? AND session = ?",
  );
  const deleteClaim = db.query<{ session: string | null }, [string, string, number]>(
    "DELETE FROM claims WHERE traceId = ? AND spanId = ? AND projectId = ? RETURNING session",
  );
  const putSession = prepareInsert(db, logSessions, columnsBut(logSessions, []), { or: "REPLACE" });
  const countSession = db.query<null, [number, string]>(
    `UPDATE logSessions SET (count, length) = (
       SELECT count(*), coalesce(sum(length), 0) FROM logPieces
       WHERE logPieces.projectId = logSessions.projectId AND logPieces.session = logSessions.session
     ) WHERE projectId = ? AND session = ?`,
  );
  const unitsOfTrace = db.query<{ session: string; key: string; state: string }, [string, number]>(
    "SELECT session, key, state FROM logUnits WHERE traceId = ? AND projectId = ?",
  );
  const dropClaims = db.query<null, [string, number]>(
    "DELETE FROM claims WHERE traceId = ? AND projectId = ?",
  );
  /** Traces that pieces name, so that all other spans need no look at the tables. */
  let known: Set<string> | null = namedTraces(db);
  const named = () => (known ??= namedTraces(db));
  /** Most that were put are let go of again, so that now and then the set is made anew. */
  let puts = 0;
  /** What changed in this transaction. */
  let sessions = new Map<string, { session: string; owner: Owner }>();
  let traces = new Map<string, { traceId: string; owner: Owner }>();

  function touch(session: string, owner: Owner): void {
    sessions.set(`${owner.projectId} ${session}`, { session, owner });
  }

  function piecesOf(projectId: number, session: string): KeptPiece[] {
    return selectPieces.all(projectId, session).map(({ facts, ...row }) => ({
      ...row,
      ...JSON.parse(facts),
    }));
  }

  function claimsFor(projectId: number, session: string, pieces: Piece[]): PlacedClaim[] {
    const own = claimsOfSession.all(projectId, session);
    const inTraces = new Set([...pieces, ...own].map(({ traceId }) => traceId));
    inTraces.delete("");
    const others = [...inTraces].flatMap((traceId) => claimsOfTrace.all(traceId, projectId));
    return [...own, ...others].map(({ facts, ...place }) => ({
      ...place,
      ...JSON.parse(facts),
    }));
  }

  function unitsOf(session: string, projectId: number, pieces: Piece[]): Unit[] {
    const claims = claimsFor(projectId, session, pieces);
    return assemble(session, pieces, claims, (place) => operations.has(projectId, place));
  }

  function rebuild(session: string, owner: Owner): void {
    const { projectId } = owner;
    const pieces = piecesOf(projectId, session);
    if (pieces.length === 0) return;
    const units = unitsOf(session, projectId, pieces);
    const gone = new Map(selectUnits.all(projectId, session).map((unit) => [unit.key, unit]));
    const changed: { unit: Unit; before: Stored | undefined; state: string }[] = [];
    for (const unit of units) {
      const before = gone.get(unit.key);
      gone.delete(unit.key);
      const state = stateOf(unit);
      if (before?.state !== state) changed.push({ unit, before, state });
    }
    // All that goes before all that comes: a record may move from one span to another.
    for (const unit of gone.values()) {
      undo(session, owner, unit);
      deleteUnit.run(projectId, session, unit.key);
    }
    for (const { unit, before } of changed) {
      if (before && !isSamePlace(before, unit)) undo(session, owner, before);
    }
    for (const { unit, before, state } of changed) {
      write(
        session,
        owner,
        unit,
        before && isSamePlace(before, unit) ? hashesOf(before.state) : [],
      );
      remember(session, projectId, unit, state);
    }
    const left = thin(owner, session, units, pieces);
    const [count, length] = [left.length, lengthOf(left)];
    putSession({ projectId, session, lastReceivedAt: owner.receivedAt, count, length });
  }

  function remember(session: string, projectId: number, unit: Unit, state: string): void {
    const { key, place, isJoined } = unit;
    putUnit({ projectId, session, key, ...place, isJoined: Number(isJoined), state });
  }

  function recordsOf(session: string, { projectId }: Owner, hashes: string[]) {
    return hashes.flatMap((hash) => {
      const row = selectRecord.get(projectId, session, hash);
      return row ? [{ resource: row.resource, json: row.json }] : [];
    });
  }

  function undo(session: string, owner: Owner, { state, isJoined, ...place }: Stored): void {
    if (isJoined === 0) return operations.unmake(owner, place);
    const records = recordsOf(session, owner, hashesOf(state));
    operations.join(
      owner,
      place,
      [],
      records.map(({ json }) => json),
    );
  }

  /** @param before the records that its span has. */
  function write(session: string, owner: Owner, unit: Unit, before: string[]): void {
    const records = recordsOf(session, owner, unit.pieces);
    const logs = records.map(({ json }) => json);
    if (unit.isJoined) {
      const gone = before.filter((hash) => !unit.pieces.includes(hash));
      const removed = recordsOf(session, owner, gone).map(({ json }) => json);
      operations.join(owner, unit.place, logs, removed);
      return;
    }
    const { agent, kind, parentSpanId, startMs, endMs, place } = unit;
    const { resource } = records[0]!;
    const of = { agent, kind, parentSpanId, startMs, endMs, ...place, logs, resource };
    operations.make(owner, place.traceId, makeSpan(of), logs);
  }

  /** Lets go of what is too much of a long session. @returns what is left of the pieces. */
  function thin(
    { projectId }: Owner,
    session: string,
    units: Unit[],
    pieces: KeptPiece[],
  ): KeptPiece[] {
    const excess = excessOf(units, pieces);
    if (excess.length === 0) return pieces;
    const gone = new Set(excess.flatMap(({ hashes }) => hashes));
    for (const hash of gone) deletePiece.run(projectId, session, hash);
    for (const { unit } of excess) {
      if (unit.isJoined) deleteClaim.run(unit.place.traceId, unit.place.spanId, projectId);
    }
    // What is left says less of some units than their spans do. It is taken as written, so that a span is
    // written again only when more of it comes.
    const kept = pieces.filter(({ hash }) => !gone.has(hash));
    deleteUnits.run(projectId, session);
    for (const unit of unitsOf(session, projectId, kept)) {
      remember(session, projectId, unit, stateOf(unit));
    }
    return kept;
  }

  return {
    put(owner, pieces) {
      for (const { session, traceId, spanId, facts, json, resource } of pieces) {
        const hash = new Bun.CryptoHasher("sha256")
          .update(`${traceId} ${spanId} ${resource} ${json}`)
          .digest("base64")
          .slice(0, 24);
        const { changes } = insertPiece({
          projectId: owner.projectId,
          session,
          hash,
          traceId,
          spanId,
          length: resource.length + json.length,
          facts: JSON.stringify(facts),
          resource,
          json,
        });
        if (changes === 0) continue;
        if (traceId) named().add(`${owner.projectId} ${traceId}`);
        if (++puts % limits.maxPieces === 0) known = null;
        touch(session, owner);
      }
    },
    claim(owner, { traceId, spanId }, claim) {
      const { projectId, receivedAt } = owner;
      const session = claim?.session ?? null;
      const facts = JSON.stringify(claim);
      const changed = claim
        ? insertClaim.get(projectId, session, traceId, spanId, receivedAt, facts)
        : deleteClaim.get(traceId, spanId, projectId);
      if (!changed) return;
      if (changed.session !== null) touch(changed.session, owner);
      else traces.set(`${projectId} ${traceId}`, { traceId, owner });
    },
    spanCame(owner, traceId) {
      const id = `${owner.projectId} ${traceId}`;
      if (named().has(id)) traces.set(id, { traceId, owner });
    },
    flush() {
      for (const { traceId, owner } of traces.values()) {
        for (const query of [sessionsNaming, sessionsClaiming]) {
          for (const { session } of query.all(traceId, owner.projectId)) {
            touch(session, owner);
          }
        }
      }
      traces = new Map();
      for (const { session, owner } of sessions.values()) rebuild(session, owner);
      sessions = new Map();
    },
    dropTrace(projectId, traceId) {
      const dropped = unitsOfTrace.all(traceId, projectId);
      for (const { session, key, state } of dropped) {
        for (const hash of hashesOf(state)) deletePiece.run(projectId, session, hash);
        deleteUnit.run(projectId, session, key);
      }
      for (const session of new Set(dropped.map(({ session }) => session))) {
        countSession.run(projectId, session);
      }
      dropClaims.run(traceId, projectId);
    },
    forget() {
      known = null;
      sessions = new Map();
      traces = new Map();
    },
  };
}

type PieceRow = Cells<typeof logPieces, "hash" | "traceId" | "spanId" | "length" | "facts">;
type ClaimRow = Cells<typeof claims, "traceId" | "spanId" | "facts">;

/** All that a span is made of, so that only what differs is written. */
function stateOf({ pieces, place, isJoined, parentSpanId, startMs, endMs, kind }: Unit): string {
  // The times of a turn are those of what is in it.
  const times = kind === "turn" && !isJoined ? [startMs, endMs] : [];
  return JSON.stringify([pieces, place.traceId, place.spanId, parentSpanId ?? null, times]);
}

function hashesOf(state: string): string[] {
  return (JSON.parse(state) as [string[]])[0];
}

function isSamePlace(before: Stored, { place, isJoined }: Unit): boolean {
  return (
    before.traceId === place.traceId &&
    before.spanId === place.spanId &&
    (before.isJoined === 1) === isJoined
  );
}

function namedTraces(db: Database): Set<string> {
  const rows = db
    .query<{ projectId: number; traceId: string }, []>(
      "SELECT DISTINCT projectId, traceId FROM logPieces WHERE traceId <> ''",
    )
    .all();
  return new Set(rows.map(({ projectId, traceId }) => `${projectId} ${traceId}`));
}
