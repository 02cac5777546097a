// Shows what is stored in this browser, corpora, models and storage, and explains what the lab is and promises.
import { useEffect, useState } from 'react';
import { Button, Meter } from '../parts/Button.tsx';
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

// Explains what the lab is, what it promises about a person's text, and whose work it includes.

export function AboutPage() {
  return (
    <div className="prose">
      <h1>About BioNER Lab</h1>
      <p>
        BioNER Lab is a training lab in a browser tab. It fine-tunes taggers for biomedical named entity recognition,
        XLNet, BERT and their relatives with a CRF, on this machine: with WebGPU where available, otherwise with
        WebAssembly. It follows Chai, Jin, Shi and others, “Hierarchical shared transfer learning for biomedical named
        entity recognition”, <cite>BMC Bioinformatics</cite> (2022) 23:8, and compares its training methods: each task
        alone (STL), all tasks of a category together (MTL-XC), and each task alone on lower layers taken from MTL-XC
        (MTL-LS).
      </p>
      <h2>Your text stays here</h2>
      <p>
        Corpora, models and runs are stored in this browser, and only this page reads them. There is no account, no
        tracking, and no request to any host except the one that serves this page; only when you request them are public
        corpora read from GitHub, and models from Hugging Face or a mirror of your choice. The page’s security policy
        blocks connections to any other host. Only what you export leaves the tab: a plan or result file contains
        settings, counts, scores and fingerprints, never a sentence.
      </p>
      <h2>Help and documentation</h2>
      <p>
        Press <kbd>?</kbd> on any page for what it is for, its keys and a glossary. The{' '}
        <a href="./docs/index.html" target="_blank" rel="noreferrer">
          documentation
        </a>{' '}
        comes with the lab and opens without a network, too. It says{' '}
        <a href="./docs/cite.html" target="_blank" rel="noreferrer">
          how to cite
        </a>{' '}
        the lab and the paper.
      </p>
      <h2>Licences and attribution</h2>
      <p>BioNER Lab is free software under the Apache License 2.0.</p>
      <p>
        The built-in model, xlnet-bio-tiny, is a small XLNet (4 layers, width 128, 1.9 million parameters) pretrained by
        permutation language modelling on the training sentences of the public corpora collected by Crichton and others,
        “A neural network multi-task learning approach to biomedical named entity recognition”,{' '}
        <cite>BMC Bioinformatics</cite> (2017) 18:368, which are available under CC BY 4.0. It has seen no devel or test
        sentences. The shipped tagger, xlnet-bio-tiny-four-types, was trained from it on NCBI-disease, BC5CDR, BC2GM and
        LINNAEUS of that collection, and is available under CC BY 4.0, too. The sample corpora are synthetic: their
        sentences were generated for this lab and state no facts.
      </p>
      <p>
        Made with TensorFlow.js, React, Base UI, TanStack Table, Recharts, Zod, hyparquet, saxes, fflate, idb-keyval and
        noble-hashes, under the Apache, MIT or ISC licences:{' '}
        <a href="./THIRD_PARTY.md" target="_blank" rel="noreferrer">
          all packages and their terms
        </a>
        .
      </p>
    </div>
  );
}
