// @vitest-environment node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import openapiTS, { astToString } from 'openapi-typescript';
import { expect, it } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

it("the types are those of the server's description: npm run generate", async () => {
  const description = JSON.parse(read('../openapi.json')) as Parameters<typeof openapiTS>[0];
  const generated = astToString(await openapiTS(description, { defaultNonNullable: false }));
  expect(read('../src/lib/api/schema.d.ts')).toContain(generated.trim());
});

it('the lock file names no registry', () => {
  expect(read('../package-lock.json')).not.toContain('"resolved"');
});
