// Shows the product's name, the navigation, and the backend in use.
import type { BackendState } from '../../lab/state/labState.ts';
import { backendName } from '../parts/BackendPanel.tsx';
import { NOTHING_CHOSEN, routeHref, type Route } from '../shared/route.ts';

const PLACES = [
  ['train', 'Train'],
  ['corpora', 'Corpora'],
  ['models', 'Models'],
  ['runs', 'Runs'],
  ['tag', 'Tag'],
  ['compare', 'Compare'],
  ['analyse', 'Analyse'],
  ['results', 'Results'],
  ['about', 'About'],
] as const;

const WITHIN: Partial<Record<Route['page'], Route['page']>> = {
  corpus: 'corpora',
  sentence: 'corpora',
  run: 'runs',
  tagWith: 'tag',
  importedRun: 'results',
  open: 'results',
};

export interface HeaderProps {
  readonly route: Route;
  readonly backend: BackendState;
  /** Whether another tab owns the lab and its backend. */
  readonly isElsewhere: boolean;
}

export function Header({ route, backend, isElsewhere }: HeaderProps) {
  const here = WITHIN[route.page] ?? route.page;
  return (
    <header className="header">
      <div className="header-inner">
        <a className="brand" href="#/">
          BioNER Lab
        </a>
        <nav className="nav" aria-label="Main">
          {PLACES.map(([page, name]) => (
            <a
              key={page}
              href={routeHref(page === 'analyse' ? { page, ...NOTHING_CHOSEN } : { page })}
              aria-current={page === here ? 'page' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        <BackendBadge backend={backend} isElsewhere={isElsewhere} />
      </div>
    </header>
  );
}

function BackendBadge({ backend, isElsewhere }: Omit<HeaderProps, 'route'>) {
  const device = backend.status === 'ready' ? backend.report.environment.device : null;
  const text = isElsewhere ? 'In another tab' : badgeText(backend);
  return (
    <a className={`badge ${backend.status}`} href="#/" aria-label={`Backend: ${text}`} title={device ?? undefined}>
      <span className="status-dot" aria-hidden="true" />
      {text}
    </a>
  );
}

function badgeText(backend: BackendState): string {
  if (backend.status === 'starting') return 'Starting';
  return backend.status === 'failed' ? 'No backend' : backendName(backend.report.environment.backend);
}
