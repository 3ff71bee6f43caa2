// Every text exists in every language, every key that the code names exists, and placeholders agree.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const src = join(import.meta.dirname, '..', 'src');
const languages = ['ko', 'en'];
const PLURALS = /_(zero|one|two|few|many|other)$/;

/** @param {Record<string, unknown>} tree @param {string} [prefix] @returns {[string, string][]} */
function flatten(tree, prefix = '') {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [/** @type {[string, string]} */ ([prefix + key, value])]
      : flatten(/** @type {Record<string, unknown>} */ (value), `${prefix}${key}.`),
  );
}

/** @param {string} folder @returns {string[]} */
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.jsx?$/.test(entry.name) && !entry.name.includes('.test.') ? [path] : [];
  });
}

/** @param {string} text */
const placeholders = (text) =>
  [...text.matchAll(/\{\{\s*(\w+)/g)]
    .map((m) => m[1])
    .sort()
    .join();

const texts = new Map(
  languages.map((language) => {
    const tree = JSON.parse(readFileSync(join(src, 'locales', `${language}.json`), 'utf8'));
    return [language, new Map(flatten(tree))];
  }),
);

/** @param {string} language */
const names = (language) =>
  new Set([...(texts.get(language)?.keys() ?? [])].map((key) => key.replace(PLURALS, '')));

const faults = [];
const [first, ...others] = languages;
for (const other of others) {
  const a = names(first);
  const b = names(other);
  for (const key of a) if (!b.has(key)) faults.push(`${other}.json lacks ${key}`);
  for (const key of b) if (!a.has(key)) faults.push(`${first}.json lacks ${key}`);
}
for (const [key, text] of texts.get('ko') ?? []) {
  const twin = texts.get('en')?.get(key);
  if (twin !== undefined && placeholders(twin) !== placeholders(text)) {
    faults.push(`${key}: the placeholders differ`);
  }
}
const known = names(first);
for (const path of sources(src)) {
  const code = readFileSync(path, 'utf8');
  for (const [, key] of code.matchAll(/\bt\(\s*['"]([\w.-]+)['"]/g)) {
    if (!known.has(key)) faults.push(`${path.slice(src.length + 1)}: no text for ${key}`);
  }
}
if (faults.length) {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(`${known.size} texts in ${languages.join(' and ')}\n`);
