// Who may import whom: app > features (not each other) > components > hooks > lib.
// Prints every line that breaks the order and exits with 1.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ORDER = ['lib', 'hooks', 'components', 'features', 'app'];
const IMPORT = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;

/** Return why `importer` may not import `imported` (paths below src), or null when it may. */
export function breach(importer, imported) {
  const [from, fromFeature] = importer.split('/');
  const [to, toFeature] = imported.split('/');
  const rank = ORDER.indexOf(from);
  const target = ORDER.indexOf(to);
  if (rank < 0 || target < 0) return `unknown folder; expected one of ${ORDER.join(', ')}`;
  if (target > rank) return `${from} is below ${to}`;
  if (from === 'features' && to === 'features' && fromFeature !== toFeature) {
    return `feature ${fromFeature} may not import feature ${toFeature}`;
  }
  return null;
}

/** Return the breaches in one file's text. */
export function breaches(importer, text) {
  const found = [];
  for (const [, target] of text.matchAll(IMPORT)) {
    const reason = target.startsWith('@/')
      ? breach(importer, target.slice(2))
      : target.startsWith('..')
        ? 'use @/ instead of ..'
        : null;
    if (reason) found.push(`src/${importer}: "${target}": ${reason}`);
  }
  return found;
}

function main() {
  const src = fileURLToPath(new URL('../src', import.meta.url));
  const files = readdirSync(src, { recursive: true })
    .map((name) => join(src, name))
    .filter((name) => /\.tsx?$/.test(name));
  const found = files.flatMap((file) =>
    breaches(relative(src, file).split(sep).join('/'), readFileSync(file, 'utf8')),
  );
  for (const line of found) console.error(line);
  process.exit(found.length > 0 ? 1 : 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
