/** What this browser remembers between visits: which document was open. */
const OPEN = "wirebrush.open";

/** A storage that is full or forbidden costs comfort, never work: failures are passed over. */
export const memory = {
  lastOpened(): string | null {
    try {
      return localStorage.getItem(OPEN);
    } catch {
      return null;
    }
  },

  opened(file: string): void {
    try {
      localStorage.setItem(OPEN, file);
    } catch {
      // full or forbidden
    }
  },
};
