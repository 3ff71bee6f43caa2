// Fails the build when what a visitor must download grows over its budget (kB, gzipped).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '..', 'dist');
const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'));

const FIRST_ROUTE = { route: 'src/components/DriftStudio.jsx', budget: 270 };
const NAMED = [
  { name: 'charts', budget: 230 },
  { name: 'lineage', budget: 85 },
];
const OTHER = 40;

/** @type {Map<string, number>} */
const sizes = new Map();
/** @param {string} file kB, gzipped */
function size(file) {
  const known = sizes.get(file);
  if (known !== undefined) return known;
  const kb = gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;
  sizes.set(file, kb);
  return kb;
}

/** What comes with a chunk: itself, its styles, and all that it imports at once. @param {string} key @param {Set<string>} seen */
function closure(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const imported of chunk.imports ?? []) closure(imported, seen);
  return seen;
}

const rows = [];
const first = closure('index.html');
closure(FIRST_ROUTE.route, first);
closure('src/locales/ko.json', first);
const total = [...first].reduce((sum, file) => sum + size(file), 0);
rows.push({ what: 'first route', kb: total, budget: FIRST_ROUTE.budget });

for (const chunk of Object.values(manifest)) {
  if (!chunk.file.endsWith('.js') || first.has(chunk.file)) continue;
  const named = NAMED.find(({ name }) => chunk.file.toLowerCase().includes(name));
  rows.push({ what: chunk.file, kb: size(chunk.file), budget: named?.budget ?? OTHER });
}

let failed = false;
for (const { what, kb, budget } of rows.sort((a, b) => b.kb - a.kb)) {
  const over = kb > budget;
  failed ||= over;
  process.stdout.write(
    `${over ? 'OVER' : 'ok  '} ${kb.toFixed(1).padStart(7)} of ${String(budget).padStart(3)} kB  ${what}\n`,
  );
}
process.exit(failed ? 1 : 0);
