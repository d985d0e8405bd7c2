import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { wordsOf } from "../../app/commands/files";
import { t } from "../../i18n/text";
import { thumbnailUrl } from "../../runtime/api";
import { files, type DraftInfo, type Listing } from "../../runtime/files";
import { useStudio } from "../../state/context";
import { dateAndTime } from "../../ui/format";
import { Overlay } from "../../ui/Overlay";
import { Card } from "./Card";
import { FileCard } from "./FileCard";
import styles from "./Files.module.css";
import { inFolders, matching } from "./listing";

const NOTHING: Listing = { workflows: [], templates: [] };

/** Everything that can be opened: what is not saved yet, what is, and the templates. */
export function OpenPanel() {
  const studio = useStudio();
  const [listing, setListing] = useState<Listing>(NOTHING);
  const [drafts, setDrafts] = useState<readonly DraftInfo[]>([]);
  const [query, setQuery] = useState("");

  const refresh = useCallback(() => {
    const fail = (error: Error): void => studio.notify(wordsOf(error));
    files.list().then(setListing, fail);
    files.drafts().then((found) => setDrafts(found.filter((draft) => draft.file === null)), fail);
  }, [studio]);
  useEffect(refresh, [refresh]);

  const folders = useMemo(() => inFolders(matching(listing.workflows, query, (file) => file.name)), [listing, query]);
  const shownDrafts = matching(drafts, query, (draft) => draft.name);
  const templates = matching(listing.templates, query, ({ title, description }) => `${title} ${description}`);

  function open(work: Promise<void>): void {
    studio.ui.setState({ overlay: null });
    work.catch((error: Error) => studio.notify(wordsOf(error)));
  }

  async function discard({ id, etag, name }: DraftInfo): Promise<void> {
    await files.dropDraft(id, { etag, turns: [] });
    refresh();
    studio.notify(t("open.discarded", { name }));
  }

  return (
    <Overlay title={t("open.title")} size="wide">
      <input
        type="search"
        className={`${styles["field"]} ${styles["search"]}`}
        placeholder={t("open.search")}
        aria-label={t("open.search")}
        value={query}
        ref={(input) => input?.focus()}
        onChange={(event) => setQuery(event.target.value)}
      />
      {shownDrafts.length > 0 && (
        <Section title={t("open.drafts")}>
          {shownDrafts.map((draft) => (
            <Card
              key={draft.id}
              name={draft.name}
              detail={dateAndTime(draft.modified * 1000)}
              open={() => open(studio.tabs.openDraft(draft.id))}
              actions={[{ label: t("open.discard"), run: () => void discard(draft).catch((error: Error) => studio.notify(wordsOf(error))) }]}
            />
          ))}
        </Section>
      )}
      {listing.workflows.length === 0 && query === "" && (
        <section className={styles["section"]} aria-label={t("open.files")}>
          <h3>{t("open.files")}</h3>
          <p className={styles["hint"]}>{t("open.none")}</p>
        </section>
      )}
      {folders.map(({ folder, members }) => (
        <Section key={folder} title={folder === "" ? t("open.files") : folder}>
          {members.map((file) => (
            <FileCard key={file.name} file={file} refresh={refresh} open={open} />
          ))}
        </Section>
      ))}
      {templates.length > 0 && (
        <Section title={t("open.templates")}>
          {templates.map(({ name, title, description, thumbnail }) => (
            <Card
              key={name}
              name={title}
              detail={description}
              picture={thumbnail ? thumbnailOf(thumbnail) : null}
              open={() => open(studio.tabs.openTemplate(name))}
            />
          ))}
        </Section>
      )}
      {query !== "" && folders.length + shownDrafts.length + templates.length === 0 && (
        <p className={styles["empty"]}>{t("open.noneFound", { query })}</p>
      )}
    </Overlay>
  );
}

/** A template's picture has an address of its own; a workflow's is an asset. */
function thumbnailOf(place: string): string {
  return place.startsWith("/") ? place : thumbnailUrl(place, 256);
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles["section"]} aria-label={title}>
      <h3>{title}</h3>
      <ul className={styles["cards"]}>{children}</ul>
    </section>
  );
}
