/** Scrolling has ended once the position is the same in this many frames. */
const stillFrames = 3;

/** Runs a function once scrolling has ended. @returns a function that cancels it. */
export function afterScrolling(pane: Element, run: () => void): () => void {
  let last = NaN;
  let still = 0;
  let frame = requestAnimationFrame(look);
  function look(): void {
    still = pane.scrollTop === last ? still + 1 : 0;
    last = pane.scrollTop;
    if (still < stillFrames) frame = requestAnimationFrame(look);
    else run();
  }
  return () => cancelAnimationFrame(frame);
}
