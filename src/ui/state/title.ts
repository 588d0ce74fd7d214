/** What the browser's tab and its history call the page. */
import { useEffect } from "react";

export function useTitle(text: string): void {
  useEffect(() => {
    document.title = `${text} · Tealight`;
  }, [text]);
}
