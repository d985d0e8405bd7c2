/**
 * Seeds that are drawn anew for each run.
 *
 * A seed has one owner. One that an instance of a subgraph says a value or control for is the
 * instance's; every other one belongs to the node in the definition, and all instances get the
 * same. Publish the port to give each its own.
 */
import { innerNodes, INPUTS } from "../subgraphs/border";
import type { SeedDrawn } from "../commands";
import { wireKey, type Document } from "../document/document";
import { nextSeed, numeric } from "../values/number";
import { usedDefinitions } from "../subgraphs/uses";

/** New values for the seeds that are not fixed, wherever a run uses them. */
export function nextSeeds(document: Document): SeedDrawn[] {
  return ["", ...usedDefinitions(document)].flatMap((subgraph) => seedsIn(document, subgraph));
}

/** A seed that can be read out and typed again: four milliards of pictures are enough. */
function randomSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return seed;
}

function seedsIn(document: Document, subgraph: string): SeedDrawn[] {
  const graph = document.subgraphs[subgraph] ?? document;
  const drawn: SeedDrawn[] = [];
  for (const [node, { controls = {}, values }] of innerNodes(graph))
    for (const [port, control] of Object.entries(controls)) {
      const source = graph.wires[wireKey([node, port])]?.from[0];
      // Nodes of packs have controls of choices, too: those stay as they are.
      if (typeof values[port] === "string") continue;
      // What only the border feeds still counts: where an instance says nothing, it holds.
      if (control === "fixed" || (source !== undefined && source !== INPUTS)) continue;
      const value = control === "randomize" ? randomSeed() : nextSeed(numeric(values[port]));
      drawn.push({ subgraph, node, port, value });
    }
  return drawn;
}
