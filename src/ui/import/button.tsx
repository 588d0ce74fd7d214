/** A button that opens the file chooser, as an alternative to dropping files. */
import { useProject } from "../data/queries.ts";
import { importFiles } from "./run.ts";

/** Kept in a variable: browsers may collect an unreferenced input while the file chooser is open. */
let input: HTMLInputElement | null = null;

export function chooseFiles(project: string): void {
  input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => importFiles([...input!.files!], project));
  input.click();
}

export function ImportButton() {
  const [project] = useProject();
  return (
    <button type="button" className="button" onClick={() => chooseFiles(project)}>
      Import a file
    </button>
  );
}
