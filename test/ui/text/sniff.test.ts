/** What may be drawn or played is told by the bytes alone. */
import { expect, test } from "bun:test";
import { bytesOfText, fileName, maxShownBytes, sniff } from "../../../src/ui/text/sniff.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const mimeOf = (text: string) => sniff(bytes(text))?.mime ?? null;

test("images, sound and PDF are known by how they begin", () => {
  expect(mimeOf("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).toBe("image/png");
  expect(mimeOf("\xff\xd8\xff\xe0\0\x10JFIF")).toBe("image/jpeg");
  expect(mimeOf("GIF89a\x01\0")).toBe("image/gif");
  expect(mimeOf("RIFF\x24\0\0\0WEBPVP8 ")).toBe("image/webp");
  expect(mimeOf("\0\0\0\x20ftypavif")).toBe("image/avif");
  expect(mimeOf("RIFF\x24\0\0\0WAVEfmt ")).toBe("audio/wav");
  expect(mimeOf("ID3\x04\0")).toBe("audio/mpeg");
  expect(mimeOf("\xff\xfb\x90\x64")).toBe("audio/mpeg");
  expect(mimeOf("OggS\0\x02")).toBe("audio/ogg");
  expect(mimeOf("fLaC\0")).toBe("audio/flac");
  expect(mimeOf("\0\0\0\x20ftypM4A ")).toBe("audio/mp4");
  expect(mimeOf("%PDF-1.7")).toBe("application/pdf");
});

test("what could run is nothing that is shown, whatever it says it is", () => {
  for (const text of [
    "<!doctype html><script>alert(1)</script>",
    "<html>",
    '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    '<?xml version="1.0"?><svg/>',
    "  \n<svg>",
    "\xef\xbb\xbf<svg>",
    "\xff\xfe<\0s\0v\0g\0",
    "MZ\x90\0",
    "#!/bin/sh\n",
    "PK\x03\x04",
    "\0\0\0\x20ftypheic",
    "\0\0\0\x20ftypisom",
    "",
  ])
    expect(mimeOf(text)).toBeNull();
});

test("a file that is two things at once is the one that it begins as", () => {
  expect(mimeOf("GIF89a/*<script>alert(1)</script>*/=1")).toBe("image/gif");
  expect(mimeOf("\x89PNG\r\n\x1a\n<svg onload=alert(1)>")).toBe("image/png");
  expect(mimeOf("%PDF-1.7<html><script>")).toBe("application/pdf");
  expect(mimeOf("<svg>\x89PNG\r\n\x1a\n")).toBeNull();
  expect(mimeOf("\n%PDF-1.7")).toBeNull();
});

test("a beginning that breaks off is not known", () => {
  for (const text of ["\x89PN", "\xff\xd8", "GIF8", "RIFF", "RIFF\x24\0\0\0WEB", "%PDF", "Ogg"])
    expect(mimeOf(text)).toBeNull();
});

test("base64 is decoded with or without its data URL, and up to 10 MB", () => {
  expect(bytesOfText("data:image/png;base64,iVBORw0K")).toEqual(bytes("\x89PNG\r\n"));
  expect(bytesOfText("data:image/png;charset=x;base64,iVBORw0K")).toEqual(bytes("\x89PNG\r\n"));
  expect(bytesOfText("iVBORw0K")).toEqual(bytes("\x89PNG\r\n"));
  expect(bytesOfText("-_-_")).toEqual(bytes("\xfb\xff\xbf"));
  expect(bytesOfText("data:text/html,<script>")).toBeNull();
  expect(bytesOfText("not base64!")).toBeNull();
  const base64 = (size: number) => Buffer.alloc(size).toString("base64");
  expect(bytesOfText(base64(maxShownBytes))).toHaveLength(maxShownBytes);
  expect(bytesOfText(base64(11 * 1024 * 1024))).toBeNull();
});

test("a file is saved as what it is, in no other folder", () => {
  expect(fileName("shot.png", "png")).toBe("shot.png");
  expect(fileName("invoice.pdf.exe", "bin")).toBe("invoice.pdf.exe.bin");
  expect(fileName("../../.bashrc", "bin")).toBe("bashrc.bin");
  expect(fileName("a\u202egnp.html", "png")).toBe("agnp.html.png");
  expect(fileName("\\\\host\\share\\x.svg", "bin")).toBe("x.svg.bin");
  expect(fileName(null, "wav")).toBe("attachment.wav");
});
