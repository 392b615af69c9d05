/** `npm run cni-programs`: builds what CNI needs on a host, and prints the folder that it is in. */
import { cniPrograms } from './cni-programs.ts';

process.stdout.write(`${cniPrograms()}\n`);
