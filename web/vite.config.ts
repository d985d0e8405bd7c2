import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const STUDIO = process.env.WIREBRUSH_URL ?? "http://127.0.0.1:8190";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "wirebrush_web/dist",
    emptyOutDir: true,
    // The page's policy allows fonts and images from this origin only, never `data:` scripts.
    assetsInlineLimit: 0,
    target: "es2023",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900, // kB before compression, which makes a third of it
  },
  server: { host: "127.0.0.1", proxy: { "/v1": { target: STUDIO, ws: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
