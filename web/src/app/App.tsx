import { Canvas } from "../canvas/Canvas";
import { AddMenu } from "../panels/AddMenu";
import { ColorMenu } from "../panels/ColorMenu";
import { ConnectMenu } from "../panels/ConnectMenu";
import { Gallery } from "../panels/Gallery";
import { Inspector } from "../panels/inspector/Inspector";
import { Library } from "../panels/Library";
import { Lightbox } from "../panels/Lightbox";
import panel from "../panels/Panel.module.css";
import { Queue } from "../panels/Queue";
import { SubgraphPanel } from "../panels/SubgraphPanel";
import { useUi, useWorkspace } from "../state/context";
import { t } from "../i18n/text";
import { Announcer } from "../ui/Announcer";
import { Tip } from "../ui/Tip";
import styles from "./App.module.css";
import { ContextMenu } from "./ContextMenu";
import { Coverings } from "./Coverings";
import { Messages } from "./Messages";
import { Overlays } from "./Overlays";
import { SkipLink } from "./SkipLink";
import { StatusBar } from "./StatusBar";
import { TopBar } from "./TopBar";
import { Tour } from "./Tour";
import { useClipboard } from "./useClipboard";
import { useLeaving } from "./useLeaving";
import { useContextRequests } from "./useContextRequests";
import { useAppearance } from "./useAppearance";
import { useFileDrop } from "./useFileDrop";
import { usePicturePaste } from "./usePicturePaste";
import { useShortcuts } from "./useShortcuts";

/** The shell: documents and Run above, what can be added left, what happens right. */
export function App() {
  useShortcuts();
  useClipboard();
  useLeaving();
  useFileDrop();
  usePicturePaste();
  useAppearance();
  const contextRequests = useContextRequests();
  const workspace = useWorkspace();
  const open = useUi((state) => state.panel);
  return (
    <div className={styles["shell"]} data-open={open ?? "none"}>
      <SkipLink />
      <TopBar />
      <div className={styles["left"]} data-zoomable>
        <Library />
      </div>
      <main className={styles["centre"]} {...contextRequests}>
        <Canvas key={workspace.id} />
        <Messages />
      </main>
      <aside className={`${styles["right"]} ${panel["panel"]}`} aria-label={t("panel.activity")} data-zoomable>
        <Queue />
        <SubgraphPanel />
        <Inspector />
        <Gallery />
      </aside>
      <StatusBar />
      <Coverings />
      <AddMenu />
      <ColorMenu />
      <ConnectMenu />
      <ContextMenu />
      <Lightbox />
      <Overlays />
      <Tour />
      <Tip />
      <Announcer />
    </div>
  );
}
