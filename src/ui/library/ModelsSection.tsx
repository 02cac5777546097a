// Shows the library of pretrained models and trained taggers.
import { factsOf, familyList } from '../../data/pieces/encoderFacts.ts';
import { isInstalling } from '../../lab/state/labStore.ts';
import { taggerKey } from '../../lab/tagging/offeredTaggers.ts';
import type { ModelRecord, ModelSource, TaggerHead } from '../../schema/modelRecord.ts';
import { totalSize } from '../../util/namedFile.ts';
import { Button, RemoveButton } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { UnreadableList } from '../parts/StorageTable.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/planDraft.ts';
import { BaselinePanel } from './BaselinePanel.tsx';
import { HubPanel } from './HubPanel.tsx';

/** Says what types a trained tagger finds, how it was trained, and its score. */
function TaggerFacts({ tagger: { types, provenance } }: { readonly tagger: TaggerHead }) {
  const { method, slicingRate, test } = provenance;
  const split = test.some((scores) => scores !== null) ? 'test' : 'devel';
  const scored = provenance[split].flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1]));
  const mean = scored.length === 0 ? null : scored.reduce((sum, f1) => sum + f1, 0) / scored.length;
  const facts = [
    types.join(', '),
    slicingRate === null ? method : `${method} at rate ${format.quantity(slicingRate)}`,
    ...(mean === null ? [] : [`${scored.length > 1 ? 'mean ' : ''}${split} F1 ${format.percent(mean)}`]),
  ];
  return (
    <>
      <span className="tag">tagger</span>
      <div className="field-help">{facts.join(' · ')}</div>
    </>
  );
}

/** Whether it is a network of words, which has no heads, and no activation of feed-forward blocks. */
const isBaseline = ({ family }: ModelRecord): boolean => factsOf(family).baseline !== undefined;

const COLUMNS = ['Layers', 'Width', 'Heads', 'Vocabulary', 'Parameters', 'Size'] as const;

export function ModelsSection() {
  const models = useLab((state) => state.models);
  const mayCome = useLab(isInstalling);
  const none = mayCome ? 'The built-in model is being installed.' : 'No models yet.';
  return (
    <>
      <p className="soft">Import pretrained encoders to fine-tune, and trained taggers to tag with.</p>
      <DropZone>
        <strong>Drop the folder or zip of an encoder</strong> ({familyList()}): from Hugging Face, with safetensors or{' '}
        <code>pytorch_model.bin</code>, or the original TensorFlow release; with <code>tokenizer.json</code>,{' '}
        <code>spiece.model</code>, <code>spm.model</code>, <code>vocab.txt</code> or <code>vocab.json</code> with{' '}
        <code>merges.txt</code>. Tensor names and shapes are checked before it is imported.
      </DropZone>
      <UnreadableList kind="model" />
      <UnreadableList kind="download" />
      {models.length === 0 ? <p className="soft">{none}</p> : <ModelsTable models={models} />}
      <BaselinePanel />
      <HubPanel />
    </>
  );
}

function ModelsTable({ models }: { readonly models: readonly ModelRecord[] }) {
  const lab = useLabActions();
  const { trainWith } = useDraftChange();
  return (
    <TableBox label="Models">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Family</th>
          {COLUMNS.map((name) => (
            <th key={name} scope="col" className="number">
              {name}
            </th>
          ))}
          <th scope="col">Activation</th>
          <th scope="col">Fingerprint</th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {models.map((model) => (
          <tr key={model.id}>
            <th scope="row">
              {model.name}
              {model.builtIn && <span className="tag">built-in</span>}
              {model.tagger !== undefined && <TaggerFacts tagger={model.tagger} />}
              {model.source !== undefined && <Source source={model.source} />}
            </th>
            <td>{factsOf(model.family).name}</td>
            <td className="number">{format.count(model.layers)}</td>
            <td className="number">{format.count(model.hiddenSize)}</td>
            <td className="number">{isBaseline(model) ? '–' : format.count(model.heads)}</td>
            <td className="number">{format.count(model.vocabularySize)}</td>
            <td className="number">{format.parameters(model.parameterCount)}</td>
            <td className="number">{format.bytes(totalSize(model.files))}</td>
            <td>{isBaseline(model) ? '–' : model.activation}</td>
            <td>
              <code title={model.fingerprint}>{format.shortFingerprint(model.fingerprint)}</code>
            </td>
            <td>
              <span className="actions row-actions">
                <Button kind="quiet" label={`Train with ${model.name}`} onAct={() => trainWith(model)}>
                  Train with this
                </Button>
                {model.tagger !== undefined && (
                  <a
                    className="button quiet"
                    aria-label={`Tag with ${model.name}`}
                    href={routeHref({ page: 'tagWith', tagger: taggerKey({ kind: 'model', modelId: model.id }) })}
                  >
                    Tag with this
                  </a>
                )}
                <RemoveButton
                  subject={`model ${model.name}`}
                  loss={<Loss model={model} />}
                  onRemove={() => lab.removeModel(model.id)}
                />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

/** Shows where a model was downloaded from. */
function Source({ source: { repository, revision, commit } }: { readonly source: ModelSource }) {
  return (
    <div className="field-help">
      {repository} at {revision}, <code title={commit}>{commit.slice(0, 12)}</code>
    </div>
  );
}

function Loss({ model }: { readonly model: ModelRecord }) {
  const unfinished = useLab(
    ({ runs }) =>
      runs.filter(({ record: { spec, status } }) => spec.model.id === model.id && status !== 'finished').length,
  );
  return (
    <>
      <p>
        {format.bytes(totalSize(model.files))} of weights and vocabulary will be removed from this browser. Your
        original files are not affected, and runs keep their scores.
      </p>
      {unfinished > 0 && (
        <p className="problem">
          {format.counted(unfinished, 'unfinished run')} may be unable to continue without this model.
        </p>
      )}
    </>
  );
}
