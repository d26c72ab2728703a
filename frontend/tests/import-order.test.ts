import { describe, expect, it } from 'vitest';

import { breach, breaches } from '../scripts/check-imports.mjs';

describe('who may import whom', () => {
  it.each([
    ['app/app.tsx', 'features/trades/api/get-trades', null],
    ['features/trades/a.ts', 'features/trades/b', null],
    ['features/trades/a.ts', 'features/signals/b', 'feature trades may not import feature signals'],
    ['features/trades/a.ts', 'app/app', 'features is below app'],
    ['components/panel.tsx', 'hooks/use-now', null],
    ['components/panel.tsx', 'features/trades/b', 'components is below features'],
    ['lib/format.ts', 'hooks/use-now', 'lib is below hooks'],
    ['utils/a.ts', 'lib/format', 'unknown folder; expected one of lib, hooks, components, features, app'],
  ])('%s importing %s: %s', (importer, imported, expected) => {
    expect(breach(importer, imported)).toBe(expected);
  });

  it('dynamic imports and paths upwards count as well', () => {
    const text = "const x = import('@/app/app');\nimport y from '../lib/format';\n";
    expect(breaches('lib/a.ts', text)).toEqual([
      'src/lib/a.ts: "@/app/app": lib is below app',
      'src/lib/a.ts: "../lib/format": use @/ instead of ..',
    ]);
  });
});
