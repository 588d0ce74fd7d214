/** Which records of a session that is too long are let go of. */
import { units as limits } from "../limits.ts";
import type { Unit } from "./assemble.ts";
import type { Piece } from "./match.ts";

/** @property length of the record, in UTF-16 code units. */
export type KeptPiece = Piece & { length: number };

/**
 * Those of the oldest calls and tools, and then of the oldest turns, until a fifth of the room is free
 * again. None where the session is not too long.
 *
 * @returns units and the hashes of their pieces; a piece that a turn needs goes with the turn only.
 */
export function excessOf(units: Unit[], pieces: KeptPiece[]): { unit: Unit; hashes: string[] }[] {
  const left = new Map(pieces.map((piece) => [piece.hash, piece]));
  let length = lengthOf(pieces);
  const isOver = (share: number) =>
    left.size > limits.sessionPieces * share || length > limits.sessionLength * share;
  if (!isOver(1)) return [];
  const byEnd = units.toSorted((a, b) => a.endMs - b.endMs);
  const turns = byEnd.filter(({ kind }) => kind === "turn");
  const others = byEnd.filter(({ kind }) => kind !== "turn");
  const ofTurns = new Set(turns.flatMap((turn) => turn.pieces));
  const excess: { unit: Unit; hashes: string[] }[] = [];
  for (const unit of [...others, ...turns]) {
    if (!isOver(0.8)) break;
    const hashes = unit.own.filter((hash) => unit.kind === "turn" || !ofTurns.has(hash));
    for (const hash of hashes) {
      length -= left.get(hash)?.length ?? 0;
      left.delete(hash);
    }
    excess.push({ unit, hashes });
  }
  return excess;
}

export function lengthOf(pieces: KeptPiece[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
