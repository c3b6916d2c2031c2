import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { codeColours } from './codeColours.ts'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** `vite` talks to a running server (RUSLO_URL); `vite --mode mock` answers from a small seeded memory instead. */
export default defineConfig(async ({ mode }) => {
  const config: ViteUserConfig = {
  plugins: [react(), codeColours(), ...(mode === 'mock' ? [(await import('./mock-api/plugin.ts')).mockApi()] : [])],
  optimizeDeps: { rolldownOptions: { plugins: [codeColours()] } },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: 'dist',
    target: 'es2022',
    sourcemap: false,
    chunkSizeWarningLimit: 2500,
    reportCompressedSize: true,
  },
  server: {
    proxy:
      mode === 'mock'
        ? {}
        : { '/api': { target: process.env.RUSLO_URL ?? 'http://127.0.0.1:8080', changeOrigin: false } },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
  }
  return config
})
