/** Every way a document may change. A command has a name, and the history undoes it. */
export { addNode, type NewNode } from "./addNode";
export { removeItems, type Removed } from "./removeItems";
export { moveItems, tidy, type Tidying } from "./moveItems";
export { addFrame, addNote, resizeItem, setColor, setFrameTitle, setNoteText } from "./scenery";
export { insertIntoWire, setKnots, swapInputs, type Insertion } from "./rewire";
export { setValue, setControl, setSeeds, type ValueChange, type ControlChange, type SeedDrawn } from "./setValue";
export { showPort, type PortShown } from "./showPort";
export { setNodeField, type NodeFieldChange } from "./setNodeField";
export { connect, disconnect } from "./connect";
export { paste, type Pasted } from "./paste";
export { renameDocument } from "./renameDocument";
export { replaceDocument } from "./replaceDocument";
export {
  groupNodes,
  makeUnique,
  movePort,
  publishPort,
  removePort,
  removeUnused,
  renamePort,
  renameSubgraph,
  resetInstances,
  unpackInstance,
  type Grouped,
  type NewPort,
  type PortSide,
  type Unpacked,
} from "./subgraphs";
