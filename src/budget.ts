/** How long one answer may take: what does not fit comes with the next page. */
import { budget as limits } from "./limits.ts";

export class Budget {
  readonly #endMs: number;
  #stepsLeft = limits.leastSteps;
  #isSpent = false;

  constructor(budgetMs: number) {
    this.#endMs = performance.now() + budgetMs;
  }

  /** Whether the last `spend` said that there is nothing left. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** For before each step. @returns true where there is nothing left for it. */
  spend(): boolean {
    if (this.#stepsLeft > 0) this.#stepsLeft--;
    else this.#isSpent ||= performance.now() > this.#endMs;
    return this.#isSpent;
  }
}
