/** Every way a document may change. A command has a name, and the history undoes it. */
export { addNode, type NewNode } from "./addNode";
export { removeItems } from "./removeItems";
export { moveNodes } from "./moveNodes";
export { setValue, setControl, type ValueChange, type ControlChange } from "./setValue";
export { setNodeField, type NodeFieldChange } from "./setNodeField";
export { connect, disconnect } from "./connect";
export { paste, type Pasted } from "./paste";
export { renameDocument } from "./renameDocument";
export { replaceDocument } from "./replaceDocument";
