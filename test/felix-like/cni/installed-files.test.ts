import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CniPaths,
  installCni,
  listCniFiles,
  preferredConfigs,
  removeCniFiles,
} from '../../../felix-like/cni/installed-files.ts';

const PROGRAMS = ['host-local', 'loopback', 'manul', 'portmap'];

describe('what CNI has on the host', () => {
  let folder: string;
  let paths: CniPaths;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'manul-installed-'));
    paths = {
      programFolder: join(folder, 'programs'),
      binFolder: join(folder, 'opt/cni/bin'),
      configFolder: join(folder, 'etc/cni/net.d'),
      stateFolder: join(folder, 'state'),
      socketPath: '/run/manul/cni.sock',
    };
    mkdirSync(paths.programFolder);
    for (const name of PROGRAMS) writeProgram(name, 'version 1');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function writeProgram(name: string, text: string): void {
    writeFileSync(join(paths.programFolder, name), `${name} ${text}`);
  }

  function onHost(name: string): string {
    return readFileSync(join(paths.binFolder, name), 'utf8');
  }

  test('all programs, executable, and a configuration that old runtimes read too', async () => {
    const written = await installCni(paths);
    const config = join(paths.configFolder, '10-manul.conflist');
    expect(written.at(-1)).toBe(config);
    expect(readdirSync(paths.binFolder).sort()).toEqual(PROGRAMS);
    for (const name of PROGRAMS) expect(statSync(join(paths.binFolder, name)).mode & 0o777).toBe(0o755);
    expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({
      cniVersion: '1.0.0',
      cniVersions: ['1.0.0', '1.1.0'],
      name: 'manul',
      plugins: [
        { type: 'manul', socket: '/run/manul/cni.sock' },
        { type: 'portmap', snat: true, capabilities: { portMappings: true } },
      ],
    });
    expect(await installCni(paths)).toEqual([]);
  });

  test('a new version replaces what we put there', async () => {
    await installCni(paths);
    for (const name of PROGRAMS) writeProgram(name, 'version 2, longer');
    expect(await installCni(paths)).toHaveLength(PROGRAMS.length);
    for (const name of PROGRAMS) expect(onHost(name)).toBe(`${name} version 2, longer`);
  });

  test("the host's own standard plugins are neither replaced nor removed", async () => {
    mkdirSync(paths.binFolder, { recursive: true });
    writeFileSync(join(paths.binFolder, 'portmap'), 'of the host');
    await installCni(paths);
    expect(onHost('portmap')).toBe('of the host');
    expect(onHost('host-local')).toBe('host-local version 1');
    await removeCniFiles(paths);
    expect(readdirSync(paths.binFolder)).toEqual(['portmap']);
  });

  test('a plugin manul of another make is replaced: the configuration names it', async () => {
    mkdirSync(paths.binFolder, { recursive: true });
    writeFileSync(join(paths.binFolder, 'manul'), 'of nobody');
    await installCni(paths);
    expect(onHost('manul')).toBe('manul version 1');
  });

  test('without a program to install there is no configuration that names it', async () => {
    rmSync(join(paths.programFolder, 'portmap'));
    await expect(installCni(paths)).rejects.toThrow(`${join(paths.programFolder, 'portmap')}: no such file`);
    expect(existsSync(paths.configFolder)).toBe(false);
  });

  test('the configuration is the first to go, and then nothing is left', async () => {
    await installCni(paths);
    const files = await listCniFiles(paths);
    expect(files[0]).toBe(join(paths.configFolder, '10-manul.conflist'));
    expect(await removeCniFiles(paths)).toEqual(files);
    expect(readdirSync(paths.binFolder)).toEqual([]);
    expect(readdirSync(paths.configFolder)).toEqual([]);
    expect(existsSync(join(paths.stateFolder, 'cni'))).toBe(false);
    expect(await removeCniFiles(paths)).toEqual([]);
  });

  test('what a sudden death left half written goes too, and nothing else', async () => {
    await installCni(paths);
    const unfinished = [
      join(paths.configFolder, '.10-manul.conflist.1.new'),
      join(paths.binFolder, '.manul.17.new'),
    ];
    const others = ['.portmap.new', '.other.17.new'];
    for (const path of [...unfinished, ...others.map((name) => join(paths.binFolder, name))])
      writeFileSync(path, 'half');
    expect(await removeCniFiles(paths)).toEqual(expect.arrayContaining(unfinished));
    expect(readdirSync(paths.configFolder)).toEqual([]);
    expect(readdirSync(paths.binFolder).sort()).toEqual(others.sort());
  });

  test('networks that a runtime would take first are named', async () => {
    mkdirSync(paths.configFolder, { recursive: true });
    for (const name of ['10-calico.conflist', '05-x.conf', '87-podman.conflist', 'README']) {
      writeFileSync(join(paths.configFolder, name), '{}');
    }
    expect(await preferredConfigs(paths)).toEqual(['05-x.conf', '10-calico.conflist']);
  });
});
