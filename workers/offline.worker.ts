// The service worker: passes what the browser asks and says to the files of this build. Built as `sw.js`.
import { OfflineFiles, type LabBuild, type ServiceScope } from './offlineFiles.ts';

/** Declares what is used of a service worker's events, which the DOM types lack. */
interface ServiceEvent extends Event {
  readonly request: Request;
  readonly data: unknown;
  waitUntil(work: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
}

type Service = ServiceScope & {
  addEventListener(kind: 'install' | 'activate' | 'message' | 'fetch', listen: (event: ServiceEvent) => void): void;
};

const service = self as unknown as Service;
// The text is replaced when the lab is built (scripts/serviceWorkerFile.ts).
const files = new OfflineFiles(service, JSON.parse('%LAB_BUILD%') as LabBuild);

service.addEventListener('install', (event) => event.waitUntil(files.install()));
service.addEventListener('activate', (event) => event.waitUntil(files.activate()));
service.addEventListener('message', (event) => {
  // What could not be stored, for want of network or room, is tried again when the lab opens next.
  event.waitUntil(files.receive(event.data).catch(() => undefined));
});
service.addEventListener('fetch', (event) => {
  const answer = files.answer(event.request);
  if (answer !== null) event.respondWith(answer);
});
