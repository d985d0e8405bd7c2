import { ChevronDown } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { serialise } from "../model/format";
import { files, type Listing } from "../runtime/files";
import { useStudio } from "../state/context";
import type { Studio } from "../state/studio";
import { t } from "../i18n/text";
import { usePopover } from "../ui/usePopover";
import styles from "./FileMenu.module.css";

/** Saved workflows, templates, and files of this computer. */
export function FileMenu() {
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const inside = usePopover(open, close);
  return (
    <div ref={inside} className={styles["place"]}>
      <button
        type="button"
        className={styles["toggle"]}
        aria-label={t("file.title")}
        title={t("file.title")}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <ChevronDown size={14} />
      </button>
      {open && <Menu close={close} />}
    </div>
  );
}

function Menu({ close }: { close: () => void }) {
  const studio = useStudio();
  const picker = useRef<HTMLInputElement>(null);
  const [listing, setListing] = useState<Listing>({ workflows: [], templates: [] });
  useEffect(() => {
    files.list().then(setListing, (error: Error) => studio.notify(error.message));
  }, [studio]);

  function act(work: () => Promise<void>): void {
    close();
    work().catch((error: Error) => studio.notify(error.message));
  }

  return (
    <div className={styles["menu"]} role="menu" aria-label={t("file.title")}>
      <button type="button" role="menuitem" onClick={() => act(() => studio.openEmpty(t("file.untitled")))}>
        {t("file.new")}
      </button>
      <button type="button" role="menuitem" onClick={() => picker.current?.click()}>
        {t("file.openFile")}
      </button>
      <button type="button" role="menuitem" onClick={() => act(async () => download(studio))}>
        {t("file.save")}
      </button>
      <input
        ref={picker}
        type="file"
        accept="application/json,.json"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) act(async () => studio.openData(JSON.parse(await file.text())));
        }}
      />
      <h2>{t("file.mine")}</h2>
      {listing.workflows.length === 0 && <p>{t("file.none")}</p>}
      <div className={styles["scroll"]} role="group" aria-label={t("file.mine")}>
        {listing.workflows.map(({ name }) => (
          <button key={name} type="button" role="menuitem" onClick={() => act(() => studio.openFile(name))}>
            {name}
          </button>
        ))}
      </div>
      {listing.templates.length > 0 && <h2>{t("file.templates")}</h2>}
      <div className={styles["scroll"]} role="group" aria-label={t("file.templates")}>
        {listing.templates.map(({ name, title, description }) => (
          <button key={name} type="button" role="menuitem" title={description} onClick={() => act(() => studio.openTemplate(name))}>
            {title}
          </button>
        ))}
      </div>
    </div>
  );
}

function download(studio: Studio): void {
  const url = URL.createObjectURL(new Blob([serialise(studio.documents.document)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${studio.documents.document.name}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
