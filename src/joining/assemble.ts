/**
 * From the pieces of one session to its units, and which span says the same. A pure function of two sets: in
 * whatever order records and spans came, and however often, it says the same.
 */
import { createHash } from "node:crypto";
import type { UnitKind } from "../contract/units.ts";
import { units as limits } from "../limits.ts";
import {
  callDistance,
  endOf,
  firstFrom,
  isSame,
  match,
  namesOf,
  startOf,
  toolDistance,
  turnDistance,
  type Draft,
  type Piece,
  type PlacedClaim,
  type Turn,
} from "./match.ts";

export interface Place {
  traceId: string;
  spanId: string;
}

export interface Unit {
  /** The same however many of its pieces are there. */
  key: string;
  agent: string;
  kind: UnitKind;
  /** Hashes, in the order of time. */
  pieces: string[];
  /** Those of them that make it. A turn's may be of its calls, too. */
  own: string[];
  startMs: number;
  endMs: number;
  /** The span that says the same, or the one that is made of the pieces. */
  place: Place;
  isJoined: boolean;
  /** Of a span that is made. */
  parentSpanId: string | undefined;
}

/**
 * @param claims of the session, and of the traces that its pieces name.
 * @param isThere whether a span that a piece names is stored, as a span that was sent.
 */
export function assemble(
  session: string,
  pieces: Piece[],
  claims: PlacedClaim[],
  isThere: (place: Place) => boolean,
): Unit[] {
  const sorted = pieces.toSorted(byTime);
  const drafts = draftUnits(sorted.filter(({ kind }) => kind !== "turn"));
  const turns = draftTurns(sorted, drafts);
  const open = claims.toSorted(byPlace);
  match(turns, open, turnDistance);
  for (const kind of ["call", "tool"] as const) {
    match(
      drafts.units.filter((unit) => unit.kind === kind),
      open,
      kind === "call" ? callDistance : toolDistance,
    );
  }
  return turns.flatMap((turn) => placeTurn(session, turn, isThere));
}

/** Whole pieces make a unit each, or one together; the others go to the unit that they fit best. */
function draftUnits(pieces: Piece[]): { units: Draft[]; left: Piece[] } {
  const units = new Map<string, Draft>();
  const add = (piece: Piece) => {
    const key = `${piece.kind} ${piece.id ?? piece.mark ?? piece.hash}`;
    const unit = units.get(key);
    if (unit) unit.pieces.push(piece);
    else units.set(key, { key, kind: piece.kind, id: piece.id, pieces: [piece], claim: undefined });
  };
  for (const piece of pieces) if (piece.role === "whole") add(piece);
  let rest = attach(
    pieces.filter(({ role }) => role !== "whole"),
    [...units.values()],
  );
  // What is an answer and of no call that is told stands for the call.
  for (const piece of rest) if (piece.role === "answer") add(piece);
  rest = rest.filter(({ role }) => role !== "answer");
  return { units: [...units.values()], left: attach(rest, [...units.values()]) };
}

/** @returns those that fit none. */
function attach(pieces: Piece[], units: Draft[]): Piece[] {
  const byId = new Map(units.filter(({ id }) => id !== undefined).map((unit) => [unit.key, unit]));
  const left: Piece[] = [];
  const pairs: { piece: Piece; unit: Draft; distance: number }[] = [];
  const byEdge = { start: edges(units, startOf), end: edges(units, endOf) };
  for (const piece of pieces) {
    const own = piece.id === undefined ? undefined : byId.get(`${piece.kind} ${piece.id}`);
    if (own) {
      own.pieces.push(piece);
      continue;
    }
    left.push(piece);
    if (piece.role === "before") {
      const from = firstFrom(byEdge.end, piece.endMs, ({ atMs }) => atMs);
      const next = byEdge.end
        .slice(from, from + limits.compared)
        .find(({ unit }) => fits(piece, unit));
      if (next) pairs.push({ piece, unit: next.unit, distance: next.atMs - piece.endMs });
      continue;
    }
    const edge = piece.role === "start" ? "start" : "end";
    for (const { unit, atMs } of near(byEdge[edge], piece.endMs)) {
      if (fits(piece, unit)) pairs.push({ piece, unit, distance: Math.abs(atMs - piece.endMs) });
    }
  }
  const taken = new Set<Piece>();
  const full = new Set<string>();
  for (const { piece, unit } of pairs.sort((a, b) => a.distance - b.distance)) {
    const slot = `${piece.event} ${unit.key}`;
    if (taken.has(piece) || full.has(slot)) continue;
    taken.add(piece);
    full.add(slot);
    unit.pieces.push(piece);
  }
  for (const unit of units) unit.pieces.sort(byTime);
  return left.filter((piece) => !taken.has(piece));
}

function fits(piece: Piece, unit: Draft): boolean {
  if (piece.kind !== unit.kind) return false;
  if (piece.id !== undefined && unit.id !== undefined) return false;
  return unit.pieces.every(
    (other) =>
      isSame(piece.prompt, other.prompt) &&
      isSame(piece.model, other.model) &&
      isSame(piece.name, other.name),
  );
}

interface Edge {
  unit: Draft;
  atMs: number;
}

function edges(units: Draft[], timeOf: (unit: Draft) => number): Edge[] {
  return units
    .map((unit) => ({ unit, atMs: timeOf(unit) }))
    .sort((a, b) => a.atMs - b.atMs || (a.unit.key < b.unit.key ? -1 : 1));
}

/** Those at about this time: a sorted list, so that thousands of pieces do not meet thousands of units. */
function near(list: Edge[], atMs: number): Edge[] {
  const from = firstFrom(list, atMs - limits.nearMs, (edge) => edge.atMs);
  const found: Edge[] = [];
  for (let at = from; at < list.length && found.length < limits.compared; at++) {
    if (list[at]!.atMs > atMs + limits.nearMs) break;
    found.push(list[at]!);
  }
  return found;
}

/**
 * A prompt begins a turn. What says of which prompt it is belongs to that; else to the last prompt before it,
 * and what comes shortly before the first to the first.
 */
function draftTurns(pieces: Piece[], { units, left }: { units: Draft[]; left: Piece[] }): Turn[] {
  const turns = new Map<string, Turn>();
  const prompts: { startMs: number; turn: Turn }[] = [];
  const turnOf = (prompt: string | undefined, mark: string): Turn => {
    const key = `turn ${prompt ?? mark}`;
    let turn = turns.get(key);
    if (!turn) {
      turn = { key, kind: "turn", id: undefined, prompt, pieces: [], claim: undefined, units: [] };
      turns.set(key, turn);
    }
    return turn;
  };
  for (const piece of pieces) {
    if (piece.kind !== "turn") continue;
    const turn = turnOf(piece.prompt, piece.mark ?? piece.hash);
    if (turn.pieces.length === 0) prompts.push({ startMs: piece.startMs, turn });
    turn.pieces.push(piece);
  }
  const find = (prompt: string | undefined, startMs: number): Turn => {
    if (prompt !== undefined) return turnOf(prompt, "");
    const before = prompts.findLast((one) => one.startMs <= startMs);
    if (before) return before.turn;
    const [first] = prompts;
    return first && first.startMs - startMs <= limits.nearMs ? first.turn : turnOf(undefined, "");
  };
  for (const unit of units) {
    const prompt = unit.pieces.find(({ prompt }) => prompt !== undefined)?.prompt;
    find(prompt, startOf(unit)).units.push(unit);
  }
  for (const piece of left) {
    const turn = find(piece.prompt, piece.startMs);
    // A request alone, or a decision, is not yet a turn.
    if (turn.pieces.length + turn.units.length > 0) turn.pieces.push(piece);
  }
  return [...turns.values()].filter(({ pieces, units }) => pieces.length + units.length > 0);
}

function placeTurn(session: string, turn: Turn, isThere: (place: Place) => boolean): Unit[] {
  const joined = turn.units.filter(({ claim }) => claim);
  // Its calls say the prompt themselves, in traces of their own.
  const isSaid = !turn.claim && joined.length > 0 && joined.length === turn.units.length;
  if (isSaid) {
    const first = joined.toSorted((a, b) => startOf(a) - startOf(b) || byKey(a, b))[0]!;
    first.pieces.push(...turn.pieces);
    return joined.map((unit) => toUnit(unit, unit.claim!, undefined));
  }
  const place = placeOf(session, turn);
  const outer = outerOf(turn);
  const parent = outer && isThere(outer) ? outer.spanId : undefined;
  const answered = answersOf(turn);
  const last = turn.units
    .flatMap((unit) => unit.pieces.filter(({ saysAnswer, isAside }) => saysAnswer && !isAside))
    .toSorted(byTime)
    .at(-1);
  const [first] = turn.units.flatMap(({ pieces }) => pieces).toSorted(byTime);
  const pieces = turn.pieces.length > 0 || !first ? turn.pieces : [first];
  const whole = { ...turn, pieces: [...new Set([...pieces, ...(last ? [last] : [])])] };
  const starts = [...turn.pieces.map(({ startMs }) => startMs), ...turn.units.map(startOf)];
  const ends = [...turn.pieces.map(({ endMs }) => endMs), ...turn.units.map(endOf)];
  return [
    {
      ...toUnit(whole, place, parent),
      startMs: Math.min(...starts),
      endMs: Math.max(...ends),
    },
    ...turn.units.map((unit) =>
      toUnit(
        unit,
        unit.claim ?? { traceId: place.traceId, spanId: idOf(16, session, unit.key) },
        place.spanId,
        answered.get(unit),
      ),
    ),
  ];
}

/** What each call answers: the prompt and the results of tools since the call before. */
function answersOf(turn: Turn): Map<Draft, Piece[]> {
  const calls = edges(
    turn.units.filter(({ kind, pieces }) => kind === "call" && !pieces.some((one) => one.isAside)),
    endOf,
  );
  const found = new Map<Draft, Piece[]>();
  for (const piece of [turn, ...turn.units].flatMap(({ pieces }) => pieces)) {
    if (!piece.isAnswered) continue;
    const next = calls[firstFrom(calls, piece.endMs, ({ atMs }) => atMs)]?.unit;
    if (next) found.set(next, [...(found.get(next) ?? []), piece]);
  }
  return found;
}

/** Where the turn is, or will be: in the trace that all its records name, else in one of its own. */
function placeOf(session: string, turn: Turn): Place {
  if (turn.claim) return turn.claim;
  const [named, ...others] = namesOf(turn);
  const traceId = named && others.length === 0 ? named : idOf(32, session, turn.key);
  return { traceId, spanId: idOf(16, session, turn.key) };
}

/** The span around the turn, where its records name one. */
function outerOf(turn: Turn): Place | undefined {
  const all = [...turn.pieces, ...turn.units.flatMap(({ pieces }) => pieces)];
  if (new Set(all.map(({ traceId }) => traceId).filter((id) => id !== "")).size !== 1) return;
  return all.toSorted(byTime).find(({ spanId }) => spanId !== "");
}

/** @param more records of other units that say what is in this one. */
function toUnit(
  draft: Draft,
  { traceId, spanId }: Place,
  parent: string | undefined,
  more: Piece[] = [],
): Unit {
  const { key, kind, claim } = draft;
  const pieces = [...draft.pieces, ...more].toSorted(byTime);
  return {
    key,
    agent: pieces[0]!.agent,
    own: draft.pieces.map(({ hash }) => hash),
    kind,
    pieces: pieces.map(({ hash }) => hash),
    startMs: startOf(draft),
    endMs: endOf(draft),
    place: { traceId, spanId },
    isJoined: claim !== undefined,
    parentSpanId: claim ? undefined : parent,
  };
}

function idOf(length: 16 | 32, session: string, key: string): string {
  return createHash("sha256").update(`${session}\0${key}`).digest("hex").slice(0, length);
}

function byTime(a: Piece, b: Piece): number {
  return (
    a.startMs - b.startMs || a.endMs - b.endMs || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)
  );
}

function byPlace(a: PlacedClaim, b: PlacedClaim): number {
  const [one, other] = [a, b].map(({ traceId, spanId }) => traceId + spanId) as [string, string];
  return a.startMs - b.startMs || (one < other ? -1 : 1);
}

function byKey(a: Draft, b: Draft): number {
  return a.key < b.key ? -1 : 1;
}
