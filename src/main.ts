/** Entry point of the `manul` executable. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// The launcher has switched this on already; this is for those who start the file itself.
enableCompileCache(join(import.meta.dirname, '..', '.cache', 'compile'));

const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2), process.env);
