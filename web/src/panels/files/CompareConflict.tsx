import { t } from "../../i18n/text";
import { useDocument, useDocumentState } from "../../state/context";
import { Overlay } from "../../ui/Overlay";
import { DiffView } from "../DiffView";

/** What another window made of the document beside what was made of it here. */
export function CompareConflict() {
  const mine = useDocument((document) => document);
  const { conflict } = useDocumentState((state) => ({ conflict: state.conflict }));
  if (!conflict) return null;
  return (
    <Overlay title={t("conflict.title", { name: mine.name })} size="wide">
      <DiffView before={conflict.theirs} after={mine} names={{ before: t("conflict.side.theirs"), after: t("conflict.side.mine") }} />
    </Overlay>
  );
}
