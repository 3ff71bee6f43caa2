// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const FILES = ['src/mantine.css', 'src/mantine-more.css'];
const MODULE = /@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/;

/**
 * Fails the build when a component of Mantine is used whose styles neither file imports:
 * importing all of them would cost every visitor 25 kB.
 * @returns {import('vite').Plugin}
 */
export function mantineStyles() {
  return {
    name: 'mantine-styles',
    apply: 'build',
    generateBundle(_options, bundle) {
      const listed = FILES.map((file) => readFileSync(join(root, file), 'utf8')).join('');
      /** @type {Set<string>} */
      const missing = new Set();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
          const name = MODULE.exec(id)?.[1];
          if (!name || renderedLength === 0 || listed.includes(`/${name}.layer.css`)) continue;
          if (existsSync(join(root, 'node_modules/@mantine/core/styles', `${name}.layer.css`))) {
            missing.add(name);
          }
        }
      }
      if (missing.size) this.error(`src/mantine-more.css lacks ${[...missing].sort().join(', ')}`);
    },
  };
}
