import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const STUDIO = process.env.WIREBRUSH_URL ?? "http://127.0.0.1:8190";

type ModuleInfo = (id: string) => { readonly isEntry: boolean; readonly importers: readonly string[] } | null;

/**
 * Everything that is there from the start in one file: cut up by who else needs what, it would be
 * larger by a thirtieth and two dozen requests.
 */
function firstInOne(): (id: string, context: { readonly getModuleInfo: ModuleInfo }) => string | null {
  const known = new Map<string, boolean>();
  const isFirst = (id: string, info: ModuleInfo): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    known.set(id, false); // for circles
    const module = info(id);
    const first = module !== null && (module.isEntry || module.importers.some((importer) => isFirst(importer, info)));
    known.set(id, first);
    return first;
  };
  return (id, { getModuleInfo }) => (isFirst(id, getModuleInfo) ? "page" : null);
}

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "wirebrush_web/dist",
    emptyOutDir: true,
    // The page's policy allows fonts and images from this origin only, never `data:` scripts.
    assetsInlineLimit: 0,
    target: "es2023",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1100, // kB before compression, which makes a third of it
    rolldownOptions: { output: { manualChunks: firstInOne() } },
  },
  server: { host: "127.0.0.1", proxy: { "/v1": { target: STUDIO, ws: true } } },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    setupFiles: ["src/testing/sameExamples.ts"],
    testTimeout: 120_000, // a busy machine is no failure
  },
});
