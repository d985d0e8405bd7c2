import { describe, expect, test } from "vitest";
import { testCatalog } from "../../testing/catalog";
import { testDocument } from "../../testing/document";
import { nodeBoxes } from "./boxes";
import { Ports } from "../wires/courses";
import { tidied } from "./tidy";

const catalog = testCatalog();
const document = testDocument();

describe("tidying", () => {
  const boxes = nodeBoxes(document, catalog);
  const sizes = [...boxes].map(([id, box]) => [id, [box.right - box.left, box.bottom - box.top]] as const);
  const ports = new Ports(document, catalog);
  const wires = Object.values(document.wires).map(({ from, to }) => ({
    from: from[0],
    out: ports.output(from)![1] - document.nodes[from[0]]!.at[1],
    to: to[0],
    in: ports.input(to)![1] - document.nodes[to[0]]!.at[1],
  }));

  test("lets all wires run to the right, and no two nodes overlap", () => {
    const places = tidied({ sizes, wires, groups: [], corner: [11, 22] });
    const size = new Map(sizes);
    for (const { from, to } of wires) expect(places[from]![0] + size.get(from)![0]).toBeLessThan(places[to]![0]);
    expect(Math.min(...Object.values(places).map(([x]) => x))).toBe(11);
    expect(Math.min(...Object.values(places).map(([, y]) => y))).toBe(22);
  });

  test("also lays out nodes without wires, and circles", () => {
    expect(Object.keys(tidied({ sizes, wires: [], groups: [], corner: [0, 0] }))).toHaveLength(5);
    const odd = [["5", "1"], ["1", "1"], ["x", "1"]].map(([from = "", to = ""]) => ({ from, out: 0, to, in: 0 }));
    expect(Object.keys(tidied({ sizes, wires: [...wires, ...odd], groups: [], corner: [0, 0] }))).toHaveLength(5);
  });

  test("puts nodes in the order of the ports that they are wired to", () => {
    const three = ["a", "b", "c"].map((id) => [id, [100, 50]] as const);
    const to = (from: string, port: number) => ({ from, out: 20, to: "t", in: port });
    const places = tidied({ sizes: [...three, ["t", [100, 200]]], wires: [to("a", 150), to("b", 20), to("c", 80)], groups: [], corner: [0, 0] });
    expect(["a", "b", "c"].toSorted((one, other) => places[one]![1] - places[other]![1])).toEqual(["b", "c", "a"]);
  });

  test("takes seconds for a thousand nodes, not minutes", () => {
    const many = Array.from({ length: 1000 }, (_, index) => [`${index}`, [220, 200]] as const);
    const all = many.slice(50).flatMap((_, index) => [0, 1].map((next) => ({ from: `${index + next}`, out: 20, to: `${index + 50}`, in: 20 + next })));
    const start = performance.now();
    tidied({ sizes: many, wires: all, groups: [], corner: [0, 0] });
    expect(performance.now() - start).toBeLessThan(60_000);
  });

  test("keeps the nodes of a frame together, and no two nodes overlap", () => {
    const named = ["a", "b", "c", "d", "e"].map((id) => [id, [100, 50]] as const);
    const all = named.map(([id], index) => ({ from: id, out: 20, to: "t", in: 20 * index }));
    const places = tidied({ sizes: [...named, ["t", [100, 200]]], wires: all, groups: [["a", "d"]], corner: [0, 0] });
    const order = named.map(([id]) => id).toSorted((one, other) => places[one]![1] - places[other]![1]);
    expect(Math.abs(order.indexOf("a") - order.indexOf("d"))).toBe(1);
    for (const [index, id] of order.entries()) if (index) expect(places[id]![1]).toBeGreaterThanOrEqual(places[order[index - 1]!]![1] + 50);
  });
});
