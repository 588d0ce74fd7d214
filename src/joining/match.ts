/**
 * Which span says what a unit of log records says: by its id, else by what both count, by name, and by time.
 */
import type { Claim, PieceFacts, UnitKind } from "../contract/units.ts";
import { units as limits } from "../limits.ts";

export interface Piece extends PieceFacts {
  /** The record's hash: sorts pieces alike in every store. */
  hash: string;
  traceId: string;
  spanId: string;
}

export interface PlacedClaim extends Claim {
  traceId: string;
  spanId: string;
}

/** A unit while it is put together. */
export interface Draft {
  key: string;
  kind: UnitKind;
  id: string | undefined;
  pieces: Piece[];
  claim: PlacedClaim | undefined;
}

export interface Turn extends Draft {
  prompt: string | undefined;
  units: Draft[];
}

export const startOf = ({ pieces }: Draft) => Math.min(...pieces.map(({ startMs }) => startMs));
export const endOf = ({ pieces }: Draft) => Math.max(...pieces.map(({ endMs }) => endMs));

/** What is not said contradicts nothing. */
export function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/** How far a span is from a unit, null where it is another. 0 is sure. */
type DistanceOf = (unit: Draft, claim: PlacedClaim) => number | null;

/** Joins the nearest first; each span says one unit, and each unit is said by one span. */
export function match(units: Draft[], claims: PlacedClaim[], distanceOf: DistanceOf): void {
  const pairs: { unit: Draft; claim: PlacedClaim; distance: number }[] = [];
  const byId = new Map<string, PlacedClaim[]>();
  const rest: PlacedClaim[] = [];
  for (const claim of claims) {
    if (claim.kind !== units[0]?.kind) continue;
    rest.push(claim);
    const id = claim.kind === "turn" ? claim.prompt : claim.id;
    if (id === undefined) continue;
    const same = byId.get(id);
    if (same) same.push(claim);
    else byId.set(id, [claim]);
  }
  rest.sort((a, b) => a.endMs - b.endMs);
  const taken = new Set<object>();
  for (const unit of units) {
    const id = unit.kind === "turn" ? (unit as Turn).prompt : unit.id;
    const same = byId.get(id ?? "")?.find((claim) => !taken.has(claim));
    if (!same) continue;
    unit.claim = same;
    taken.add(same);
  }
  for (const unit of units) {
    if (unit.claim) continue;
    let compared = 0;
    for (const claim of unit.kind === "turn" ? rest : around(rest, endOf(unit))) {
      if (taken.has(claim)) continue;
      const distance = distanceOf(unit, claim);
      if (distance === null) continue;
      pairs.push({ unit, claim, distance });
      if (++compared === limits.compared) break;
    }
  }
  for (const { unit, claim } of pairs.sort((a, b) => a.distance - b.distance)) {
    if (unit.claim || taken.has(claim)) continue;
    unit.claim = claim;
    taken.add(claim);
  }
}

function around(claims: PlacedClaim[], atMs: number): PlacedClaim[] {
  const from = firstFrom(claims, atMs - limits.nearMs, ({ endMs }) => endMs);
  const found = claims.slice(from, from + limits.compared);
  return found.filter(({ endMs }) => endMs <= atMs + limits.nearMs);
}

/** The place of the first that is at this time or later, in a list that is sorted by it. */
export function firstFrom<T>(sorted: T[], atMs: number, timeOf: (item: T) => number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (timeOf(sorted[middle]!) < atMs) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Within the span, to a second: clocks and queues. */
export function turnDistance(turn: Draft, claim: PlacedClaim): number | null {
  const first =
    turn.pieces.find(({ role }) => role === "whole") ?? (turn as Turn).units[0]?.pieces[0];
  if (!first || !isSame(claim.prompt, (turn as Turn).prompt)) return null;
  if (first.startMs < claim.startMs - 1000 || first.startMs > claim.endMs + 1000) return null;
  const isNamed = namesOf(turn as Turn).has(claim.traceId);
  return Math.abs(first.startMs - claim.startMs) + (isNamed ? 0 : limits.nearMs);
}

export function callDistance(unit: Draft, claim: PlacedClaim): number | null {
  if (!isAlike(unit, claim)) return null;
  const counts = unit.pieces.find(({ counts }) => counts !== undefined)?.counts;
  // A failed call has no counts: it is the one of its model at its time.
  if (counts !== claim.counts && !isNamed(unit, claim)) return null;
  return apart(unit, claim);
}

export function toolDistance(unit: Draft, claim: PlacedClaim): number | null {
  return isAlike(unit, claim) ? apart(unit, claim) : null;
}

function isAlike(unit: Draft, claim: PlacedClaim): boolean {
  if (!isSame(unit.id, claim.id)) return false;
  return unit.pieces.every(
    ({ model, name, prompt }) =>
      isSame(model, claim.model) && isSame(name, claim.name) && isSame(prompt, claim.prompt),
  );
}

/** A record names the span itself, or the one around it. */
function isNamed({ pieces }: Draft, { traceId, spanId, parentSpanId }: PlacedClaim): boolean {
  return pieces.some(
    (piece) =>
      piece.traceId === traceId && (piece.spanId === spanId || piece.spanId === parentSpanId),
  );
}

function apart(unit: Draft, claim: PlacedClaim): number {
  const ms = Math.abs(endOf(unit) - claim.endMs) + Math.abs(startOf(unit) - claim.startMs) / 10;
  return isNamed(unit, claim) ? ms / 1000 : ms + 1;
}

export function namesOf({ pieces, units }: Turn): Set<string> {
  const all = [pieces, ...units.map((unit) => unit.pieces)].flat();
  return new Set(all.map(({ traceId }) => traceId).filter((id) => id !== ""));
}
