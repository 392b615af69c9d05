// Turns a TypeScript module into CommonJS for jest; types are checked by `npm run typecheck`.
const { transformSync } = require('esbuild');
const { createHash } = require('node:crypto');

const options = {
  format: 'cjs',
  target: 'node24',
  platform: 'node',
  supported: { 'dynamic-import': false },
  sourcemap: 'inline',
  define: { 'import.meta.url': '__moduleUrl' },
};
const banner = "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;";

module.exports = {
  process: (source, file) => ({
    code: transformSync(source, { ...options, banner, loader: 'ts', sourcefile: file }).code,
  }),
  getCacheKey: (source, file) =>
    createHash('sha1')
      .update(source + file + banner + JSON.stringify(options))
      .digest('hex'),
};
