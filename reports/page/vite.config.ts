import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

// One file, without source maps or preloads: see README.md.
export default defineConfig({
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    sourcemap: false,
    rollupOptions: { input: "index.html" },
  },
});
