import { fileURLToPath } from 'node:url';

import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env.CRYPTOVOLT_API ?? 'http://127.0.0.1:8000';
const served = ['/api', '/health', '/ready', '/docs', '/openapi.json', '/ws'];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../backend/app/static',
    emptyOutDir: true,
    // The page's content security policy allows no data: addresses.
    assetsInlineLimit: 0,
  },
  server: {
    port: 3000,
    proxy: Object.fromEntries(served.map((path) => [path, { target: api, ws: path === '/ws' }])),
  },
  test: { environment: 'jsdom', include: ['{src,tests}/**/*.test.{ts,tsx}'] },
});
