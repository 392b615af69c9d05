/** Which suites must not run beside others: they start processes, make namespaces or measure time. */

const SERIAL_FOLDERS = ['/test/interop/', '/test/e2e/', '/test/kernel/', '/test/bench/'];

/** True when the suite at `path` needs the machine for itself: by its folder, or because it names requirements. */
export function isSerial(path: string, source: string): boolean {
  return SERIAL_FOLDERS.some((folder) => path.includes(folder)) || /\bdescribeWith\(/.test(source);
}
