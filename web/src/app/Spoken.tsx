import { useEffect, useState } from "react";
import { language, languageFor, speak } from "../i18n/text";
import { useSettings, useStudio } from "../state/context";
import { App } from "./App";

/** The page in the language that is wanted; drawn anew when that changes. */
export function Spoken() {
  const studio = useStudio();
  const chosen = useSettings((settings) => settings.language);
  const wanted = chosen === "system" ? languageFor(navigator.languages) : chosen;
  const [spoken, setSpoken] = useState(language);
  useEffect(() => {
    let current = true;
    // If the words cannot be fetched, the page stays in the language it has.
    speak(wanted).then(() => current && setSpoken(wanted), () => {});
    return () => {
      current = false;
    };
  }, [wanted]);
  useEffect(() => {
    document.documentElement.lang = spoken;
    studio.nameTypes();
  }, [studio, spoken]);
  return <App key={spoken} />;
}
