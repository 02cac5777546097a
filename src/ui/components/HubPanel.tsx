// Models by name from a hub: the form that looks one up, what was found, and downloads that are not finished.
import { useState, type SyntheticEvent } from 'react';
import type { HubModel } from '../../lab/labState.ts';
import { publicHub } from '../../lab/publicHosts.ts';
import { useAct } from '../useAct.ts';
import { useLab } from '../useLab.ts';
import { DownloadTable } from './DownloadTable.tsx';
import { Field } from './Field.tsx';
import { HubModelPanel } from './HubModelPanel.tsx';

const SUGGESTED = [
  'xlnet/xlnet-base-cased',
  'xlnet/xlnet-large-cased',
  'google-bert/bert-base-cased',
  'dmis-lab/biobert-v1.1',
  'microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext',
];

export function HubPanel() {
  const { lab, state } = useLab();
  const { machine } = state;
  const act = useAct();
  const [repository, setRepository] = useState('');
  const [revision, setRevision] = useState('main');
  const [address, setAddress] = useState<string | null>(null);
  const [found, setFound] = useState<HubModel | null>(null);
  const [busy, setBusy] = useState(false);
  const hub = machine.hub ?? publicHub;

  const lookUp = async () => {
    setFound(null);
    const wanted = (address ?? hub).trim().replace(/\/+$/, '');
    if (wanted !== hub) {
      const { hub: _before, ...others } = machine;
      await lab.setMachine(wanted === publicHub || wanted === '' ? others : { ...others, hub: wanted });
      setAddress(null);
    }
    setFound(await lab.lookUpModel(repository, revision));
  };
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    await act(lookUp);
    setBusy(false);
  };

  return (
    <section aria-labelledby="hub-title">
      <h2 id="hub-title">From Hugging Face</h2>
      <p className="lead">
        Any XLNet or BERT by the name of its repository. Nothing is asked of the hub before you press a button; what
        came is kept through cancelling, broken connections and reloads, and verified by the hub’s digests.
      </p>
      <form className="sample-row hub-form" onSubmit={(event) => void submit(event)}>
        <Field label="Repository">
          {(control) => (
            <>
              <input
                {...control}
                type="text"
                list="hub-repositories"
                placeholder="owner/name"
                autoComplete="off"
                spellCheck={false}
                value={repository}
                onChange={(event) => setRepository(event.target.value)}
              />
              <datalist id="hub-repositories">
                {SUGGESTED.map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Revision">
          {(control) => (
            <input
              {...control}
              type="text"
              spellCheck={false}
              value={revision}
              onChange={(event) => setRevision(event.target.value)}
            />
          )}
        </Field>
        <button
          type="submit"
          className="button strong"
          disabled={busy || repository.trim() === '' || revision.trim() === ''}
          aria-busy={busy}
        >
          Look up
        </button>
        <details className="fold hub-address">
          <summary>Hub: {hub}</summary>
          <Field label="Address of the hub" help="A mirror or a server of your own; kept for this machine.">
            {(control) => (
              <input
                {...control}
                type="text"
                inputMode="url"
                spellCheck={false}
                value={address ?? hub}
                onChange={(event) => setAddress(event.target.value)}
              />
            )}
          </Field>
        </details>
      </form>
      {found !== null && <HubModelPanel key={found.download.id} found={found} />}
      {state.downloads.length > 0 && <DownloadTable downloads={state.downloads} />}
    </section>
  );
}
