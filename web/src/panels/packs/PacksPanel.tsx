import { useState } from "react";
import { t } from "../../i18n/text";
import { usePacks, useStudio } from "../../state/context";
import { packsLike } from "../../state/packs";
import { Button } from "../../ui/Button";
import { Overlay } from "../../ui/Overlay";
import { PackRow } from "./PackRow";
import styles from "./Packs.module.css";

/** The packs of nodes that are there: what each has, whether it is on, and what is wrong with it. */
export function PacksPanel() {
  const studio = useStudio();
  const { packs, folders, looking } = usePacks((state) => state);
  const [query, setQuery] = useState("");
  const found = packsLike(packs, query);
  return (
    <Overlay title={t("packs.title")}>
      <div className={styles["top"]}>
        <input
          type="search"
          className={styles["search"]}
          placeholder={t("packs.search")}
          aria-label={t("packs.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <Button disabled={looking} onClick={() => void studio.packs.lookAgain()}>
          {t(looking ? "packs.looking" : "packs.look")}
        </Button>
      </div>
      {found.length === 0 && <p className={styles["none"]}>{t("packs.none", { query })}</p>}
      <ul className={styles["list"]}>
        {found.map((pack) => (
          <PackRow key={pack.name} pack={pack} />
        ))}
      </ul>
      {folders.length > 0 && (
        <p className={styles["where"]}>
          {packs.length < 2 && `${t("packs.empty")} `}
          {t("packs.where")}{" "}
          {folders.map((folder) => (
            <code key={folder}>{folder}</code>
          ))}
        </p>
      )}
    </Overlay>
  );
}
