// Puts Mesa's lavapipe beside the project's packages on a Debian machine, without installing it: a software adapter with f16 and matrix units.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ownAdapterFolder } from './halfAdapter.ts';

/** A lavapipe with matrix units is newer than Debian 12 and 13: it comes from the backports of 13, with the libraries it was built for. */
const SUITES = ['trixie', 'trixie-backports'];
const PACKAGES = ['-t', 'trixie-backports', 'mesa-vulkan-drivers', 'libvulkan1'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
const DRIVER = 'libvulkan_lvp.so';
const MOST_MS = 180_000;

/** Prints why where it cannot be had: the tests that need it are then skipped. */
export function installHalfAdapter(root: string): void {
  const target = path.join(root, ownAdapterFolder);
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  try {
    const mirror = debianMirror();
    console.log('No software adapter with f16 here: fetching one from Debian (63 MB, in node_modules).');
    unpack(download(mirror, path.join(partial, 'apt')), partial);
    rmSync(target, { recursive: true, force: true });
    renameSync(path.join(partial, 'adapter'), target);
  } catch (error) {
    console.log(`Kernels in f16 are not tested: ${error instanceof Error ? error.message : String(error)}`);
  }
  rmSync(partial, { recursive: true, force: true });
}

/** Returns the address that this machine has its own Debian packages from. */
function debianMirror(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('lavapipe is fetched for Linux on x64 only.');
  if (!existsSync(KEYRING)) throw new Error('lavapipe is fetched from Debian, and this system is not Debian.');
  const addresses = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n');
  const mirror = addresses.find((address) => address.endsWith('/debian/'));
  if (mirror === undefined) throw new Error('the system names no mirror of Debian.');
  return mirror;
}

/** Downloads the packages under `folder`, by an apt that knows nothing of the system's; returns the folder they lie in. */
function download(mirror: string, folder: string): string {
  for (const name of ['etc/preferences.d', 'state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  const sources = SUITES.map((suite) => `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  writeFileSync(path.join(folder, 'etc/sources.list'), sources.join(''));
  writeFileSync(path.join(folder, 'state/status'), '');
  const settings = {
    'Dir::Etc': path.join(folder, 'etc'),
    'Dir::Etc::sourcelist': path.join(folder, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': path.join(folder, 'state'),
    'Dir::State::status': path.join(folder, 'state/status'),
    'Dir::Cache': path.join(folder, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': 'true',
  };
  const options = ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  run('apt-get', [...options, 'update']);
  run('apt-get', [...options, 'install', '--yes', '--download-only', ...PACKAGES]);
  return path.join(folder, 'cache/archives');
}

/** Makes `adapter` under `folder` of the packages' libraries, in the form that `halfAdapter` finds. */
function unpack(packages: string, folder: string): void {
  const files = readdirSync(packages).filter((name) => name.endsWith('.deb'));
  for (const name of files) run('dpkg', ['-x', path.join(packages, name), path.join(folder, 'files')]);
  const adapter = path.join(folder, 'adapter');
  const libraries = path.join(adapter, 'lib');
  mkdirSync(adapter);
  cpSync(path.join(folder, 'files', LIBRARIES), libraries, { recursive: true, verbatimSymlinks: true });
  for (const name of readdirSync(libraries)) {
    // Drivers of cards.
    if (name.startsWith('libvulkan_') && name !== DRIVER) rmSync(path.join(libraries, name));
  }
  const manifest = { file_format_version: '1.0.1', ICD: { library_path: `./lib/${DRIVER}`, api_version: '1.4.0' } };
  writeFileSync(path.join(adapter, 'icd.json'), JSON.stringify(manifest));
}

/** Returns what a program prints; throws Error with its complaint if it fails or takes too long. */
function run(program: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: MOST_MS });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.at(-1) ?? ''} failed. ${error?.message ?? stderr.trim()}`);
}
