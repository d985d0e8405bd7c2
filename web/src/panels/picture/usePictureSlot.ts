import { useCallback, useState } from "react";
import { setValue } from "../../model/commands";
import { assetUrl } from "../../runtime/api";
import { useGraph, useRuntime, useStudio, useUi } from "../../state/context";

/** The picture that is being edited, and how its successor takes its place. */
export function usePictureSlot() {
  const studio = useStudio();
  const slot = useUi((state) => state.slot);
  const value = useGraph((graph) => (slot ? graph.nodes[slot.node]?.values[slot.port] : undefined));
  const channel = useGraph((graph) => (slot ? graph.nodes[slot.node]?.values["channel"] : undefined));
  const asset = useRuntime(({ uploads }) => (typeof value === "string" ? uploads[value] : undefined));
  const save = useCallback(
    async (picture: Blob, name: string): Promise<void> => {
      const uploaded = await studio.upload(new File([picture], name, { type: picture.type }));
      if (uploaded === null || !slot) return;
      studio.documents.run(setValue, [{ ...slot, value: uploaded }]);
      studio.ui.setState({ overlay: null, slot: null });
    },
    [studio, slot],
  );
  // What is being edited stays what it is, whatever else arrives meanwhile.
  const [url] = useState(asset ? assetUrl(asset) : null);
  return { name: typeof value === "string" ? value : "", channel, url, save };
}

/** `sea.png` with a word before its ending, so that one sees what it came from. */
export function derivedName(name: string, word: string): string {
  const stem = name.replace(/\.[a-z]{3,4}$/i, "").split("/").at(-1) ?? "";
  return `${stem.replace(new RegExp(` ${word}( \\d+)?$`), "")} ${word}.png`;
}
