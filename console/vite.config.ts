import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { jiangsu } from './build/jiangsu'

// In development the page is served by Vite and the API by a desk: the real one, or `npm run desk`.
const desk = process.env.HAULWATCH_DESK ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue(), jiangsu()],
  server: { proxy: { '/api': desk } },
  build: {
    target: 'es2022',
    // MapLibre alone is about 1.1 MB; the page is served from the machine next door.
    chunkSizeWarningLimit: 1500,
    rollupOptions: { output: { manualChunks: { maplibre: ['maplibre-gl'] } } },
  },
  worker: { format: 'es' },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
})
