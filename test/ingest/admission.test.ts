import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createAdmission, type Ticket } from "../../src/ingest/admission.ts";

const MiB = 2 ** 20;

describe("admission", () => {
  test("keeps a quarter of the room for small bodies, however many large ones there are", () => {
    const admission = createAdmission(128 * MiB);
    const large = Array.from({ length: 64 }, () => admission.enter(10 * MiB));
    expect(large.filter((ticket) => ticket !== null)).toHaveLength(9);
    const small = Array.from({ length: 38 * 100 }, () => admission.enter(7 * 1024));
    expect(small.every((ticket) => ticket !== null)).toBe(true);
  });

  test("gives room back when a request leaves, once", () => {
    const admission = createAdmission(4 * MiB);
    const ticket = admission.enter(3 * MiB)!;
    expect(admission.enter(2 * MiB)).toBeNull();
    ticket.leave();
    ticket.leave();
    expect(admission.enter(3 * MiB)).not.toBeNull();
    expect(admission.enter(2 * MiB)).toBeNull();
  });

  test("counts a body of unknown size as it comes, and as a large one from 1 MiB on", () => {
    const admission = createAdmission(8 * MiB);
    const ticket = admission.enter(0)!;
    for (let i = 0; i < 95; i++) expect(ticket.grow(64 * 1024)).toBe(true);
    expect(ticket.grow(64 * 1024)).toBe(false);
    expect(admission.enter(MiB)).not.toBeNull();
    ticket.leave();
    expect(admission.enter(4 * MiB)).not.toBeNull();
  });

  test("counts an empty request, so that these cannot pile up without bound", () => {
    const admission = createAdmission(64 * 1024);
    const tickets = Array.from({ length: 100 }, () => admission.enter(0));
    expect(tickets.filter((ticket) => ticket !== null)).toHaveLength(64);
  });

  test("never holds more than its room, and all of it is free when everyone has left", () => {
    const step = fc.record({
      kind: fc.constantFrom("enter", "grow", "leave"),
      bytes: fc.oneof(fc.nat(2000), fc.nat(3 * MiB)),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const room = 4 * MiB;
        const admission = createAdmission(room);
        const inside: { ticket: Ticket; bytes: number }[] = [];
        for (const { kind, bytes, at } of steps) {
          const chosen = inside[at % inside.length];
          if (kind === "enter") {
            const ticket = admission.enter(bytes);
            if (ticket) inside.push({ ticket, bytes: Math.max(bytes, 1024) });
          } else if (chosen && kind === "grow") {
            if (chosen.ticket.grow(bytes)) chosen.bytes += bytes;
          } else if (chosen) {
            chosen.ticket.leave();
            inside.splice(inside.indexOf(chosen), 1);
          }
          const held = inside.reduce((sum, { bytes }) => sum + bytes, 0);
          expect(held).toBeLessThanOrEqual(room);
          // Whoever is turned away could not have been let in.
          const probe = admission.enter(1024);
          expect(probe !== null).toBe(held + 1024 <= room);
          probe?.leave();
        }
        for (const { ticket } of inside) ticket.leave();
        expect(admission.enter(3 * MiB)).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
