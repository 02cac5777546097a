// Defines the built lab's Content-Security-Policy and the headers of every file, all in this one place.
import { publicHosts } from '../src/wire/requestFile.ts';
import { isolationHeaders } from './isolationHeaders.ts';

/** Browser features that the lab uses; every other one known to Chromium is off. */
const usedFeatures = ['clipboard-write', 'cross-origin-isolated', 'screen-wake-lock'];
const unusedFeatures = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'clipboard-read',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'keyboard-map',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'otp-credentials',
  'payment',
  'picture-in-picture',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'serial',
  'storage-access',
  'sync-xhr',
  'unload',
  'usb',
  'window-management',
  'xr-spatial-tracking',
];

export interface PageHeaders {
  /** The policy contained in the page itself, wherever it is served from. */
  readonly pagePolicy: string;
  /** By name, for every file. Workers get their policy only from these. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `moreHosts`: additional origins to connect to, separated by spaces, such as `https://hub.example.org`. Throws Error for anything
 * else. Directives: W3C, Content Security Policy Level 3, and Trusted Types.
 */
export function pageHeaders(moreHosts = ''): PageHeaders {
  const policy = [
    "default-src 'none'",
    // WebAssembly is compiled; text is never executed.
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    // A chart is drawn from a data URL when it is saved as PNG.
    "img-src 'self' data:",
    ["connect-src 'self'", ...publicHosts, ...originsIn(moreHosts)].join(' '),
    // What an installed lab is called and looks like.
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "object-src 'none'",
  ];
  // Only in the page: the threads' script of tfjs does not support Trusted Types, and a Worker has no document to inject text into.
  const pagePolicy = [...policy, "require-trusted-types-for 'script'", 'trusted-types default'];
  // What a policy in a page cannot express.
  const headerPolicy = [...policy, "frame-ancestors 'none'"];
  return {
    pagePolicy: pagePolicy.join('; '),
    headers: {
      ...isolationHeaders,
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Content-Security-Policy': headerPolicy.join('; '),
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Permissions-Policy': [
        ...usedFeatures.map((name) => `${name}=(self)`),
        ...unusedFeatures.map((name) => `${name}=()`),
      ].join(', '),
    },
  };
}

/** The headers as a file for static hosts that read one. */
export function headersFile({ headers }: PageHeaders): string {
  return ['/*', ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`), ''].join('\n');
}

function originsIn(hosts: string): readonly string[] {
  const named = hosts.split(/\s+/).filter((host) => host !== '');
  for (const host of named) {
    // Check the characters, since some that a URL allows (`;`, `*`) have a special meaning in a policy.
    if (!/^https?:\/\/[a-z\d.-]+(:\d+)?$/.test(host)) {
      throw new Error(`LAB_HOSTS names no origin: expected one like https://hub.example.org:8443, got ${host}.`);
    }
  }
  return named;
}
