import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { land } from './land.ts'

// In development the page asks the server at this address; built, it asks the one that serves it.
const server = process.env.REDQUEEN_SERVER ?? 'http://127.0.0.1:8123'

export default defineConfig({
  base: '/static/',
  plugins: [svelte(), land()],
  build: {
    outDir: '../src/redqueen/app/static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    // Stable names: the server inlines these two files into a report.
    rollupOptions: {
      output: { entryFileNames: 'assets/app.js', assetFileNames: 'assets/app[extname]', codeSplitting: false },
    },
  },
  server: { proxy: { '/api': server, '/live': { target: server, ws: true } } },
})
