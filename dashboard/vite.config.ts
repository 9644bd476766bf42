import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const from = createRequire(import.meta.url);

/** What the page of the API's document (`public/docs`) is made with, as it is published. */
const swagger: Plugin = {
  name: "swagger-ui",
  apply: "build",
  generateBundle() {
    for (const name of ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt"]) {
      const source = readFileSync(from.resolve(`swagger-ui-dist/${name}`), "utf8");
      this.emitFile({ type: "asset", fileName: `docs/${name}`, source });
    }
  },
};

// Where a running `decnet api` is, for `npm run dev`.
const api = process.env.DECNET_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), swagger],
  build: {
    target: "es2022",
    // Everything is a file of its own: a strict policy allows neither inline code nor data URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: { proxy: { "/api": { target: api, changeOrigin: true } } },
  test: { include: ["tests/unit/**/*.test.{ts,tsx}"] },
} as Parameters<typeof defineConfig>[0]);
