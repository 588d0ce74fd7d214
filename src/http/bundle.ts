/**
 * The viewer's files. From source they are bundled in memory when a page is first asked for; in the
 * executable scripts/build.ts puts a module in this one's place that has them embedded.
 */
import { join } from "node:path";

/** A file as it is sent: its name carries the hash of its content. */
export interface ViewerFile {
  name: string;
  contentType: string;
  gzip: () => Promise<Uint8Array<ArrayBuffer>>;
}

export interface ViewerFiles {
  files: ViewerFile[];
  /** The names of what every page begins with. */
  entry: { style: string; theme: string; script: string };
}

/** A file as the bundler made it. */
export interface BundledFile {
  name: string;
  contentType: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const source = join(import.meta.dir, "../ui");

/** @throws what the bundler says. */
export async function bundleViewer(): Promise<{
  files: BundledFile[];
  entry: ViewerFiles["entry"];
}> {
  const { outputs } = await Bun.build({
    entrypoints: [join(source, "main.tsx"), join(source, "theme.ts")],
    target: "browser",
    splitting: true,
    minify: true,
    publicPath: "/assets/",
    naming: { entry: "[name]-[hash].[ext]", chunk: "[name]-[hash].[ext]" },
    define: { "process.env.NODE_ENV": '"production"' },
    jsx: { runtime: "automatic", development: false },
  });
  const files = await Promise.all(
    outputs.map(async (output) => ({
      name: output.path.replace(/^.*\//, ""),
      contentType: output.type,
      bytes: new Uint8Array(await output.arrayBuffer()),
    })),
  );
  const named = (start: string, end: string) =>
    files.find(({ name }) => name.startsWith(start) && name.endsWith(end))!.name;
  return {
    files,
    entry: {
      style: named("main-", ".css"),
      theme: named("theme-", ".js"),
      script: named("main-", ".js"),
    },
  };
}

/** All files that pages are made of. */
export async function viewerFiles(): Promise<ViewerFiles> {
  const { files, entry } = await bundleViewer();
  return {
    entry,
    files: files.map(({ name, contentType, bytes }) => ({
      name,
      contentType,
      gzip: async () => Bun.gzipSync(bytes),
    })),
  };
}
