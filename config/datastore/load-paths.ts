/** Reads paths once, for commands that do not run: `check`, `render`, `plan`. */
import type { ResourceProblem } from '../config-api.ts';
import { makeResourceSet, type ResourceSet } from '../schema/resource-set.ts';
import { compareResources } from './compare-resources.ts';
import { FileReader, passwordPaths, pathProblems, readPasswords } from './file-reader.ts';
import { type FileContent, ResourceLedger } from './resource-ledger.ts';
import { scanPaths } from './scan-paths.ts';

export interface LoadedPaths {
  /** Everything valid. */
  readonly resources: ResourceSet;
  /** Everything that is wrong, by file and line. */
  readonly problems: readonly ResourceProblem[];
}

export async function loadPaths(paths: readonly string[]): Promise<LoadedPaths> {
  return (await readPaths(paths)).loaded;
}

/** What is wrong with the resources in `paths`, annotations of ours included; nothing is started. */
export async function checkPaths(paths: readonly string[]): Promise<readonly ResourceProblem[]> {
  const { loaded, contents } = await readPaths(paths);
  const annotations = contents.flatMap(({ file, documents }) =>
    documents.flatMap(({ annotationProblems }) =>
      annotationProblems.map((problem) => ({ file, ...problem })),
    ),
  );
  return [...loaded.problems, ...annotations];
}

async function readPaths(
  paths: readonly string[],
): Promise<{ readonly loaded: LoadedPaths; readonly contents: readonly FileContent[] }> {
  const scan = await scanPaths(paths);
  const contents = await new FileReader(null).read(scan.files);
  const { entries, problems } = new ResourceLedger().apply(contents);
  const passwords = await readPasswords(passwordPaths(entries));
  return {
    loaded: {
      resources: makeResourceSet(entries, passwords),
      problems: [...pathProblems(scan), ...problems, ...compareResources(contents)],
    },
    contents,
  };
}
