// Shows the dictionaries of the library: what each was understood as, a note on its licence, and how to mark its terms in text.
import { useCallback, useState } from 'react';
import type { DictionaryRecord } from '../../schema/dictionaryRecord.ts';
import { Button } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { RemoveButton } from '../parts/RemoveButton.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { UnreadableList } from '../parts/UnreadableList.tsx';
import { BringInContext, useDropHere, type BringIn } from '../shared/dropEntries.ts';
import { format } from '../shared/format.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { MarkTermsPanel } from './MarkTermsPanel.tsx';

export function DictionariesSection() {
  const lab = useLabActions();
  const act = useAct();
  const dictionaries = useLab((state) => state.dictionaries);
  // What is dropped here is a list of terms, which looks like a corpus of rows elsewhere.
  const take = useCallback<BringIn>(
    (files) => void act(async () => void (await lab.dictionaries.add(await files()))),
    [act, lab],
  );
  useDropHere(take);
  return (
    <>
      <p className="soft">
        Lists of terms with ids: to mark their terms in text as a corpus to train on, and to link the mentions that a
        tagger finds to ids.
      </p>
      <BringInContext value={take}>
        <DropZone folder={false}>
          <strong>Drop a dictionary on this page</strong>: OBO; TSV or CSV with a header that names id, name, synonyms
          (separated by |) and type, or with an id and a term in each row; JSON or JSON lines of entries, patterns of
          spaCy, or terms by id; packed with gzip or not, up to 256 MB. It stays in this browser.
        </DropZone>
      </BringInContext>
      <UnreadableList kind="dictionary" />
      {dictionaries.length === 0 ? (
        <p className="soft">No dictionaries yet.</p>
      ) : (
        <>
          <DictionariesTable dictionaries={dictionaries} />
          {dictionaries.map((one) => one.issueCount > 0 && <Problems key={one.id} dictionary={one} />)}
          <MarkTermsPanel dictionaries={dictionaries} />
        </>
      )}
    </>
  );
}

function Problems({ dictionary }: { readonly dictionary: DictionaryRecord }) {
  return (
    <details className="fold">
      <summary>
        {dictionary.name}: {format.counted(dictionary.issueCount, 'problem')}
      </summary>
      <IssueList issues={dictionary.issues} issueCount={dictionary.issueCount} />
    </details>
  );
}

const SHOWN_TYPES = 4;

function DictionariesTable({ dictionaries }: { readonly dictionaries: readonly DictionaryRecord[] }) {
  const lab = useLabActions();
  return (
    <TableBox label="Dictionaries">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Types</th>
          <th scope="col" className="number">
            Entries
          </th>
          <th scope="col" className="number">
            Terms
          </th>
          <th scope="col" className="number">
            Obsolete
          </th>
          <th scope="col" className="number">
            Size
          </th>
          <th scope="col">Licence and origin</th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {dictionaries.map((dictionary) => {
          const types = Object.keys(dictionary.types);
          return (
            <tr key={dictionary.id}>
              <th scope="row">
                {dictionary.name}
                <div className="field-help">
                  {dictionary.format}: {dictionary.understood}
                </div>
              </th>
              <td>
                {types.length === 0 ? <span className="faint">none</span> : types.slice(0, SHOWN_TYPES).join(', ')}
                {types.length > SHOWN_TYPES && ` and ${types.length - SHOWN_TYPES} more`}
              </td>
              <td className="number">{format.count(dictionary.entries)}</td>
              <td className="number">{format.count(dictionary.terms)}</td>
              <td className="number">{format.count(dictionary.obsolete)}</td>
              <td className="number">{format.bytes(dictionary.sizeBytes)}</td>
              <td>
                <LicenceNote key={dictionary.licence} dictionary={dictionary} />
              </td>
              <td>
                <span className="actions row-actions">
                  <RemoveButton
                    subject={`dictionary ${dictionary.name}`}
                    loss={
                      <p>
                        {format.counted(dictionary.entries, 'entry', 'entries')} will be removed from this browser. Your
                        file is not affected, and corpora made with it stay.
                      </p>
                    }
                    onRemove={() => lab.dictionaries.remove(dictionary.id)}
                  />
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </TableBox>
  );
}

/** A note that is stored when it is saved: what a person knows about licence and origin. */
function LicenceNote({ dictionary: { id, name, licence } }: { readonly dictionary: DictionaryRecord }) {
  const lab = useLabActions();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const [text, setText] = useState(licence);
  return (
    <span className="actions">
      <input
        type="text"
        aria-label={`Licence and origin of ${name}`}
        value={text}
        disabled={isElsewhere}
        onChange={(event) => setText(event.target.value)}
      />
      {text !== licence && (
        <Button label={`Save note of ${name}`} onAct={() => lab.dictionaries.describe(id, { licence: text })}>
          Save
        </Button>
      )}
    </span>
  );
}
