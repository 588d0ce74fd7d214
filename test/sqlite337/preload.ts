/** `bun test --preload` with this file runs sources and tests on the library that driver.ts opens. */
import { join } from "node:path";
import { plugin } from "bun";
import { libraryVersion } from "./driver.ts";

const root = join(import.meta.dir, "../..");
const driver = join(import.meta.dir, "driver.ts");

if (!libraryVersion.startsWith("3.37.")) throw new Error(`this is SQLite ${libraryVersion}`);

plugin({
  name: "another SQLite",
  setup(build) {
    // Bun lets no module take the place of a built-in one, so its name is replaced where it stands.
    // Tests get the same: two SQLites in one process would lose each other's locks.
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await Bun.file(path).text();
      const isOurs = path.startsWith(join(root, "src")) || path.startsWith(join(root, "test"));
      const contents = isOurs
        ? text.replaceAll('from "bun:sqlite"', `from ${JSON.stringify(driver)}`)
        : text;
      return { contents, loader: "ts" };
    });
  },
});

const BunWorker = globalThis.Worker;
globalThis.Worker = class extends BunWorker {
  constructor(url: string | URL, options: WorkerOptions = {}) {
    super(url, { ...options, preload: [import.meta.path] });
  }
};
