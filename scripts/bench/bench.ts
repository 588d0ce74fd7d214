/** What each section gets to measure with. */
import type { Job, Load } from "./load.ts";

export interface Bench {
  rounds: number;
  /** How long one measurement of one server takes. */
  seconds: number;
  replicas: number;
  storedSpans: number;
  starts: number;
  load(job: Job): Promise<Load>;
  /** A second generator, for load beside what is measured. */
  backgroundLoad(job: Job): Promise<Load>;
  progress(line: string): void;
}

/** How many agents send at once. */
export const connections = 8;
