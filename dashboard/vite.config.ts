import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where a running `decnet api` is, for `npm run dev`.
const api = process.env.DECNET_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
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
