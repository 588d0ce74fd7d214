/** The document title, shown in tabs and history. */
import { useEffect } from "react";

export function useTitle(text: string): void {
  useEffect(() => {
    document.title = `${text} · Tealight`;
  }, [text]);
}
