/** Chooses files to import, for who does not drop them. */
import { useProject } from "../data/queries.ts";
import { importFiles } from "./run.ts";

/** Kept, or a browser may let go of it while the files are chosen. */
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
