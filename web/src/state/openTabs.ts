/** Which documents are open, as it is remembered. */
export interface OpenTab {
  readonly id: string;
  readonly file: string | null;
}

export interface OpenTabs {
  readonly tabs: readonly OpenTab[];
  readonly active: string;
}
