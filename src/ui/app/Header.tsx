// Shows the product's name, the four places of the lab, Help, and the backend with its settings behind a badge.
import { lazy, Suspense, useState } from 'react';
import type { BackendState } from '../../lab/state/labState.ts';
import { HelpButton } from '../help/HelpButton.tsx';
import { backendName } from '../shared/format.ts';
import { routeHref, type Route } from '../shared/route.ts';

/** Loads with the first press: most visits need no settings of the backend. */
const BackendPopover = lazy(async () => ({ default: (await import('../parts/BackendPanel.tsx')).BackendPopover }));

type Place = 'new' | 'experiments' | 'library' | 'tag' | 'about';

const PLACES: readonly (readonly [Place, string, Route])[] = [
  ['new', 'New', { page: 'new' }],
  ['experiments', 'Experiments', { page: 'experiments' }],
  ['library', 'Library', { page: 'library', section: 'corpora' }],
  ['tag', 'Tag', { page: 'tag' }],
  ['about', 'About', { page: 'about' }],
];

/** The place in which each page is found. */
const PLACE_OF: Partial<Record<Route['page'], Place>> = {
  new: 'new',
  experiments: 'experiments',
  experiment: 'experiments',
  run: 'experiments',
  importedRun: 'experiments',
  resultFile: 'experiments',
  open: 'experiments',
  analyse: 'experiments',
  curves: 'experiments',
  library: 'library',
  corpus: 'library',
  sentence: 'library',
  tag: 'tag',
  tagWith: 'tag',
  tagCorpus: 'tag',
  review: 'tag',
  about: 'about',
};

export interface HeaderProps {
  readonly route: Route;
  readonly backend: BackendState;
  /** Whether another tab owns the lab and its backend. */
  readonly isElsewhere: boolean;
}

export function Header({ route, backend, isElsewhere }: HeaderProps) {
  const here = PLACE_OF[route.page];
  return (
    <header className="header">
      <div className="header-inner">
        <a className="brand" href="#/">
          BioNER Lab
        </a>
        <nav className="nav" aria-label="Main">
          {PLACES.map(([place, name, to]) => (
            <a key={place} href={routeHref(to)} aria-current={place === here ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <HelpButton page={route.page} />
        <BackendBadge backend={backend} isElsewhere={isElsewhere} />
      </div>
    </header>
  );
}

/** Opens the settings and the self-test of the backend, beside the page that stays usable. */
function BackendBadge({ backend, isElsewhere }: Omit<HeaderProps, 'route'>) {
  const [isWanted, setIsWanted] = useState(false);
  const device = backend.status === 'ready' ? backend.report.environment.device : null;
  const text = isElsewhere ? 'In another tab' : badgeText(backend);
  const badge = {
    className: `badge ${backend.status}`,
    'aria-label': `Backend: ${text}`,
    title: device ?? undefined,
    children: (
      <>
        <span className="status-dot" aria-hidden="true" />
        {text}
      </>
    ),
  };
  const button = <button type="button" {...badge} onClick={() => setIsWanted(true)} />;
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <BackendPopover backend={backend} isElsewhere={isElsewhere} badge={badge} />
    </Suspense>
  );
}

function badgeText(backend: BackendState): string {
  if (backend.status === 'starting') return 'Starting';
  return backend.status === 'failed' ? 'No backend' : backendName(backend.report.environment.backend);
}
