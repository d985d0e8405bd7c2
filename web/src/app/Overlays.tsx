import { lazy, Suspense, type ComponentType } from "react";
import { useUi } from "../state/context";
import type { Overlay } from "../state/ui";
import { Palette } from "./palette/Palette";

/** What may lie over the page; each is fetched when it is first wanted. */
const OVERLAYS: readonly { readonly name: Overlay; readonly Content: ComponentType }[] = [
  { name: "palette", Content: Palette },
  { name: "settings", Content: lazy(async () => ({ default: (await import("../panels/settings/SettingsPanel")).SettingsPanel })) },
  { name: "shortcuts", Content: lazy(async () => ({ default: (await import("../panels/settings/ShortcutsPanel")).ShortcutsPanel })) },
  { name: "sweep", Content: lazy(async () => ({ default: (await import("../panels/sweep/SweepDialog")).SweepDialog })) },
  { name: "about", Content: lazy(async () => ({ default: (await import("../panels/About")).About })) },
  { name: "packs", Content: lazy(async () => ({ default: (await import("../panels/packs/PacksPanel")).PacksPanel })) },
  { name: "open", Content: lazy(async () => ({ default: (await import("../panels/files/OpenPanel")).OpenPanel })) },
  { name: "saveAs", Content: lazy(async () => ({ default: (await import("../panels/files/SaveAs")).SaveAs })) },
  { name: "versions", Content: lazy(async () => ({ default: (await import("../panels/files/Versions")).Versions })) },
  { name: "conflict", Content: lazy(async () => ({ default: (await import("../panels/files/CompareConflict")).CompareConflict })) },
  { name: "camera", Content: lazy(async () => ({ default: (await import("../panels/picture/Camera")).Camera })) },
  { name: "crop", Content: lazy(async () => ({ default: (await import("../panels/picture/CropEditor")).CropEditor })) },
  { name: "mask", Content: lazy(async () => ({ default: (await import("../panels/picture/MaskEditor")).MaskEditor })) },
];

export function Overlays() {
  const wanted = useUi((state) => state.overlay);
  return <Suspense>{OVERLAYS.map(({ name, Content }) => name === wanted && <Content key={name} />)}</Suspense>;
}
