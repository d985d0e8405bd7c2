/** The page's composition root: makes the studio, hands it to the components, starts it. */
import "@fontsource-variable/inter/wght.css";
import "./ui/tokens.css";
import "./ui/themes.css";
import "./ui/base.css";
import "./ui/density.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Spoken } from "./app/Spoken";
import { showAppearance } from "./app/useAppearance";
import { StudioProvider } from "./state/context";
import { Studio } from "./state/studio";

const socketUrl = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/ws`;
const studio = new Studio(socketUrl);
const root = document.getElementById("root");

if (root) {
  showAppearance(studio.settings.getState());
  createRoot(root).render(
    <StrictMode>
      <StudioProvider value={studio}>
        <Spoken />
      </StudioProvider>
    </StrictMode>,
  );
  void studio.start();
}
