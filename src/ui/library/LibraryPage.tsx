// Shows what is stored in this browser: corpora, models, and how much storage they take.
import { useEffect, useState } from 'react';
import { Button } from '../parts/Button.tsx';
import { Meter } from '../parts/Meter.tsx';
import { StorageTable } from '../parts/StorageTable.tsx';
import { format } from '../shared/format.ts';
import { LIBRARY_SECTIONS, routeHref, type LibrarySection } from '../shared/route.ts';
import { useLab } from '../shared/useLab.ts';
import { CorporaSection } from './CorporaSection.tsx';
import { DictionariesSection } from './DictionariesSection.tsx';
import { ModelsSection } from './ModelsSection.tsx';

const SECTION_NAMES: Readonly<Record<LibrarySection, string>> = {
  corpora: 'Corpora',
  models: 'Models',
  dictionaries: 'Dictionaries',
  storage: 'Storage',
};

export function LibraryPage({ section }: { readonly section: LibrarySection }) {
  return (
    <>
      <nav className="tabs views" aria-label="Library">
        {LIBRARY_SECTIONS.map((one) => (
          <a
            key={one}
            href={routeHref({ page: 'library', section: one })}
            aria-current={one === section ? 'page' : undefined}
          >
            {SECTION_NAMES[one]}
          </a>
        ))}
      </nav>
      <h1>{SECTION_NAMES[section]}</h1>
      <Section section={section} />
    </>
  );
}

function Section({ section }: { readonly section: LibrarySection }) {
  switch (section) {
    case 'corpora':
      return <CorporaSection />;
    case 'models':
      return <ModelsSection />;
    case 'dictionaries':
      return <DictionariesSection />;
    case 'storage':
      return <StorageSection />;
  }
}

/** Shows how much storage the lab uses, whether the browser may clear it, and what can be removed. */
function StorageSection() {
  const usage = useLab((state) => state.usage);
  const [persistence, setPersistence] = useState<'unknown' | 'kept' | 'clearable' | 'refused'>('unknown');
  useEffect(() => {
    let wanted = true;
    // Absent outside a secure context.
    void navigator.storage
      ?.persisted()
      .then((isPersistent) => wanted && setPersistence(isPersistent ? 'kept' : 'clearable'));
    return () => {
      wanted = false;
    };
  }, []);
  const request = async () => setPersistence((await navigator.storage.persist()) ? 'kept' : 'refused');
  return (
    <div className="storage">
      <p className="soft">
        See how much of this browser’s storage corpora, models and runs take, and remove what is not needed.
      </p>
      {usage === null ? (
        <p className="soft">Storage use is not known yet.</p>
      ) : (
        <>
          <p>
            <strong>{format.bytes(usage.usedBytes)}</strong> used
            {usage.quotaBytes === null ? '' : ` of the ${format.bytes(usage.quotaBytes)} this browser allows`}.
          </p>
          {usage.quotaBytes !== null && <Meter label="Storage used" done={usage.usedBytes} total={usage.quotaBytes} />}
        </>
      )}
      <p aria-live="polite">
        {persistence === 'kept' && 'The browser keeps this data until you remove it.'}
        {persistence === 'clearable' && 'The browser may clear this data when disk space runs low.'}
        {persistence === 'refused' &&
          'The browser did not agree to keep the data. Bookmark or install this page and try again, and export what matters.'}
      </p>
      {(persistence === 'clearable' || persistence === 'refused') && (
        <Button onAct={request}>Keep data on this device</Button>
      )}
      <StorageTable />
    </div>
  );
}
