import { describe, expect, test } from "vitest";
import { markdownToHtml } from "./Markdown";

describe("a note in Markdown", () => {
  test("shows HTML as text", () => {
    expect(markdownToHtml("<img src=x onerror=alert(1)> <script>alert(1)</script>")).not.toMatch(/<(img|script)/);
  });

  test.each(["[a](javascript:alert(1))", "[a](data:text/html,x)", "<javascript:alert(1)>", "[a]( JaVaScRiPt:alert(1))"])("leaves out the address of %s", (text) =>
    expect(markdownToHtml(text)).not.toMatch(/href="[^"]/),
  );

  test("fetches no pictures", () => expect(markdownToHtml("![a](https://elsewhere.example/p.png)")).not.toContain("<img"));

  test("opens links in a tab that knows nothing of this one", () =>
    expect(markdownToHtml("[a](https://a.example)")).toBe('<p><a target="_blank" rel="noopener noreferrer" href="https://a.example">a</a></p>'));
});
